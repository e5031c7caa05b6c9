/** How good a recording is, in words. */
import { Icon } from "../../components/icon.js";
import { sentence } from "../../components/prose.js";
import { classes, html } from "../../ui.js";

const ICONS = { good: "check", bad: "alert", busy: "alert", plain: "info" };
const WORDS = { good: "Good", bad: "Of no use", busy: "Could be better", plain: "Note" };

/** `found`: `{kind, texts}` of `audio/judge.js`. */
export const Findings = ({ found, ...rest }) => html`<div class=${classes("findings", `is-${found.kind}`)} ...${rest}>
  <${Icon} name=${ICONS[found.kind]} size=${18} />
  <ul>${found.texts.map((text) => html`<li key=${text}><span class="unseen">${WORDS[found.kind]}: </span>
    ${sentence(text)}</li>`)}</ul></div>`;

const loudnessInWords = (loudness) => (loudness < -36 ? "quiet" : loudness < -30 ? "rather quiet" : "loud enough");

/** What the service found in a recording that it keeps. */
export function foundBy(sample) {
  if (sample.warnings.length) return { kind: "busy", texts: sample.warnings };
  const words = `${sample.seconds.toFixed(1)} s, ${loudnessInWords(sample.loudness)} (${sample.loudness} LUFS)`;
  return { kind: "good", texts: [`${words}, not overdriven, few pauses, little noise`] };
}
