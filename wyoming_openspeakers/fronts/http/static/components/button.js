/** Buttons: with words, or with a picture that has a name. */
import { classes, html } from "../ui.js";
import { Icon } from "./icon.js";

/** `<${Button} icon="play" kind="main" onClick=${speak}>Speak<//>`; kinds: main, plain, quiet, danger. */
export function Button({
  icon, kind = "plain", isBusy = false, disabled = false, onClick, children, class: more, ...rest
}) {
  // A button that is busy keeps the focus, which one that is disabled would lose.
  const busy = isBusy && { "aria-busy": "true", "aria-disabled": "true", onClick: (event) => event.preventDefault() };
  return html`<button type="button" class=${classes("button", `is-${kind}`, more)} disabled=${disabled}
    onClick=${onClick} ...${rest} ...${busy}>
    ${isBusy ? html`<span class="spinner" aria-hidden="true"></span>` : icon && html`<${Icon} name=${icon} />`}
    ${children && html`<span>${children}</span>`}
  </button>`;
}

/** `<${IconButton} icon="trash" label="Delete Grandma" onClick=${remove} />` */
export function IconButton({ icon, label, kind = "quiet", size = 20, class: more, ...rest }) {
  return html`<button type="button" class=${classes("icon-button", `is-${kind}`, more)} aria-label=${label}
    title=${label} ...${rest}><${Icon} name=${icon} size=${size} /></button>`;
}
