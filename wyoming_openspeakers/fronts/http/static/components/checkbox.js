/** A box to tick, for what somebody must agree to. */
import { classes, html, useId } from "../ui.js";

/** `<${Checkbox} value=${isAgreed} error="..." onChange=${setAgreed}>The words beside it<//>` */
export function Checkbox({ value, error, onChange, children, ...rest }) {
  const id = useId();
  return html`<div class=${classes("checkbox", error && "is-wrong")}>
    <label><input type="checkbox" checked=${value} aria-invalid=${error ? "true" : undefined}
      aria-describedby=${error ? id : undefined} onChange=${(event) => onChange(event.target.checked)} ...${rest} />
      <span>${children}</span></label>
    ${error && html`<p class="field-hint" id=${id}>${error}</p>`}
  </div>`;
}
