/** Says which model to get where none that clones is installed. */
import { Note } from "../../components/status.js";
import { bytes } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { html } from "../../ui.js";
import { useCloners } from "./own-voices.js";

export function GetCloner() {
  const { others } = useCloners();
  const models = html`<a href=${hrefOf("models")}>Models</a>`;
  if (!others.length) {
    return html`<${Note}>None of the models here can speak like a recording. Those that can need an entry in
      ${" "}<code>models.yaml</code>; ${models} shows which there are.<//>`;
  }
  return html`<${Note}>No model that clones is installed yet. Under ${models} you can get
    ${" "}${others.map((model, at) => html`${at > 0 && ", "}<strong>${model.name}</strong>
      ${model.download_bytes > 0 && ` (${bytes(model.download_bytes)})`}`)}. A voice that you clone now speaks as soon
    as its model is there.<//>`;
}
