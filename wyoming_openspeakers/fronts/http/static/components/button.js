/** Buttons: with words, or with a picture that has a name. */
import { classes, html } from "../ui.js";
import { Icon } from "./icon.js";

/** `<${Button} icon="play" kind="main" onClick=${speak}>Speak<//>`; kinds: main, plain, quiet, danger. */
export function Button({ icon, kind = "plain", isBusy = false, disabled = false, children, class: more, ...rest }) {
  return html`<button type="button" class=${classes("button", `is-${kind}`, more)} disabled=${disabled || isBusy}
    aria-busy=${isBusy ? "true" : undefined} ...${rest}>
    ${isBusy ? html`<span class="spinner" aria-hidden="true"></span>` : icon && html`<${Icon} name=${icon} />`}
    ${children && html`<span>${children}</span>`}
  </button>`;
}

/** `<${IconButton} icon="trash" label="Delete Grandma" onClick=${remove} />` */
export function IconButton({ icon, label, kind = "quiet", size = 20, class: more, ...rest }) {
  return html`<button type="button" class=${classes("icon-button", `is-${kind}`, more)} aria-label=${label}
    title=${label} ...${rest}><${Icon} name=${icon} size=${size} /></button>`;
}
