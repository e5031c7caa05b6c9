/** Sends recordings to the service. */
import { api } from "../../api.js";
import { Progress } from "../../components/status.js";
import { toastError } from "../../components/toasts.js";
import { html } from "../../ui.js";

/** `sent`: from 0 to 1. */
export const Sending = ({ sent }) => (sent < 1
  ? html`<${Progress} label="Sending" value=${sent} text=${`${Math.round(sent * 100)} %`} />`
  : html`<${Progress} label="The service listens to it" />`);

/** The first recording makes the voice, the others come to it; what is refused of those is told. */
export async function sendVoice(values, drafts, { onProgress, signal }) {
  const [first, ...others] = drafts;
  const whole = drafts.reduce((sum, { file }) => sum + file.size, 0);
  let before = 0;
  const post = async (path, fields, draft) => {
    const share = draft.file.size / whole;
    const done = before;
    const told = (part) => onProgress(done + part * share);
    const answer = await api.post(path, formOf(fields, draft), { onProgress: told, signal });
    before += share;
    return answer;
  };
  const { name, description, language, tags, model } = values;
  const about = { name, description, language, tags: JSON.stringify(tags), model_id: model, consent: "true" };
  const made = await post("api/voices", { ...about, kind: "cloned" }, first);
  for (const draft of others) {
    try {
      await post(`api/voices/${made.id}/samples`, {}, draft);
    } catch (error) {
      if (error.name !== "AbortError") toastError(new Error(`${draft.name} was not taken: ${error.message}`));
    }
  }
  return made;
}

/** A recording as the service wants it, with what is known of it. */
export function formOf(fields, { file, name, words, language }) {
  const form = new FormData();
  const all = { ...fields, reference_text: words, reference_language: language };
  for (const [field, value] of Object.entries(all)) form.append(field, value);
  form.append("reference_audio", file, name);
  return form;
}
