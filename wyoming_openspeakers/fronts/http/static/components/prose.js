/** What the service says, for people to read: what stands in backticks is to be typed. */
import { html } from "../ui.js";

export const prose = (text) =>
  (text ?? "").split("`").map((part, at) => (at % 2 ? html`<code>${part}</code>` : part));

/** As a sentence of its own, among others. */
export const sentence = (text) => prose(`${text.charAt(0).toUpperCase()}${text.slice(1).replace(/[.!?]?$/, ".")}`);
