/** What to do when something could not be spoken. */
import { hrefOf } from "../../router.js";
import { html } from "../../ui.js";

const REASONS = [
  [/memory|does not fit|no room/i, html`Unload or park another model under <a href=${hrefOf("models")}>Models</a>,
    ${" "}or choose a smaller one.`],
  [/waiting already|too much to do|longer than/i, "The service had too much to do. Speak it again when there is less."],
  [/process|restarted|ended/i, html`The process is started by itself when it is needed. Speak it again; if that fails,
    ${" "}<a href=${hrefOf("system")}>System</a> says more.`],
  [/written|disk|space/i, "Look whether the disk is full, and speak it again."],
];

/** `catalog`: of `state/voices.js`. What is known now goes before what the words of the error hint at. */
export function adviceOf({ error, model, voice, profile }, { models, voices, isLoading }) {
  const problem = models.get(model)?.problem;
  if (problem) return html`${problem}. <a href=${hrefOf("models")}>Models</a> has what it needs.`;
  if (voice && !profile && !isLoading && !voices.some((one) => one.id === voice)) {
    return html`The voice ${voice} is not there any more. <a href=${hrefOf("voices")}>Voices</a> has those that are.`;
  }
  return REASONS.find(([words]) => words.test(error ?? ""))?.[1]
    ?? html`Speak it again. If it fails again, <a href=${hrefOf("system")}>System</a> and the log say more.`;
}
