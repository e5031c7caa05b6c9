/** Asks for the service's key when it wants one. */
import { wantedKey } from "../api.js";
import { useStore } from "../state/store.js";
import { html, useState } from "../ui.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";

export function KeyPrompt() {
  const wanted = useStore(wantedKey);
  return wanted && html`<${Prompt} wanted=${wanted} />`;
}

function Prompt({ wanted }) {
  const [key, setKey] = useState("");
  const onSubmit = (event) => {
    event.preventDefault();
    wanted.answer(key.trim());
  };
  return html`<${Dialog} title="This service wants a key" onClose=${() => wanted.answer("")}>
    <form onSubmit=${onSubmit} class="stack">
      ${wanted.isWrong && html`<p class="note is-bad" role="alert">That is not the key. Try again.</p>`}
      <p>It is the one that is set as <code>http.api_key</code>. It is kept until you close this tab.</p>
      <label class="field"><span class="field-label">Key</span>
        <input type="password" autocomplete="current-password" required data-focus value=${key}
          onInput=${(event) => setKey(event.target.value)} /></label>
      <div class="row is-end"><${Button} kind="main" type="submit">Continue<//></div>
    </form>
  <//>`;
}
