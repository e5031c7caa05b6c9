/** System: how the machine and the service are, and what went wrong. */
import { PageHead } from "../components/page-head.js";
import { html } from "../ui.js";
import { About } from "./system/about.js";
import { Configuration } from "./system/configuration.js";
import { Fronts } from "./system/fronts.js";
import { Gpus } from "./system/gpus.js";
import { Memory } from "./system/memory.js";
import { Problems } from "./system/problems.js";
import { Queue } from "./system/queue.js";

export function System() {
  return html`<${PageHead} title="System">How the service and its machine are, right now.<//>
    <div class="columns">
      <div><${Problems} /><${Gpus} /><${About} /></div>
      <div><${Queue} /><${Memory} /><${Fronts} /></div>
    </div>
    <${Configuration} />`;
}
