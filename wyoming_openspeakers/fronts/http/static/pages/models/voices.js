/** The voices of a model that fetches each by itself: those that are here, those that come, and one more. */
import { Button, IconButton } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { TextField } from "../../components/fields.js";
import { prose } from "../../components/prose.js";
import { languageName } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { html, useState } from "../../ui.js";
import { Arriving } from "./arriving.js";
import { fetchModel, remove, useDeed } from "./deeds.js";

export function ModelVoices({ model, voices, downloads, onClose }) {
  const [name, setName] = useState("");
  const [error, setError] = useState("");
  const [isBusy, run] = useDeed();
  const fetchOne = async (event) => {
    event.preventDefault();
    try {
      await fetchModel(model.id, name.trim());
      setName("");
    } catch (problem) {
      setError(problem.message);
    }
  };
  return html`<${Dialog} title=${`Voices of ${model.name}`} onClose=${onClose}>
    <div class="stack">
      <form class="voice-fetch" onSubmit=${(event) => run(() => fetchOne(event))}>
        <${TextField} label="Another voice" placeholder="en_US-lessac-medium" value=${name} autocomplete="off"
          spellcheck=${false} data-focus error=${error && prose(error)}
          hint=${html`Its language, name and quality, as
            ${" "}<a href=${model.url} target="_blank" rel="noreferrer">the list of all voices</a> has it.`}
          onChange=${(text) => {
            setError("");
            setName(text);
          }} />
        <${Button} type="submit" icon="download" kind="main" disabled=${!name.trim()} isBusy=${isBusy}>Download<//>
      </form>
      ${downloads.map((one) => html`<${Arriving} key=${one.name} download=${one} />`)}
      ${voices.length > 0 && html`<ul class="plain-list" aria-label="Voices that are here">
        ${voices.map((voice) => html`<li key=${voice.id} class="held-voice">
          <span><a href=${hrefOf("speak", { voice: voice.id })}>${voice.name}</a>
            <span class="soft">${languageName(voice.language)}</span></span>
          <${IconButton} icon="trash" label=${`Delete ${voice.name}`} disabled=${isBusy}
            onClick=${() => run(() => remove(model, voice.name))} /></li>`)}</ul>`}
    </div>
  <//>`;
}
