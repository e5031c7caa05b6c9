/** The console begins here. */
import { Shell } from "./components/shell.js";
import { follow } from "./live.js";
import { watchProblems } from "./state/problems.js";
import { watchVersion } from "./state/update.js";
import { loadCatalog } from "./state/voices.js";
import { html, render } from "./ui.js";

watchProblems();
watchVersion();
loadCatalog();
follow();
render(html`<${Shell} />`, document.getElementById("app"));
