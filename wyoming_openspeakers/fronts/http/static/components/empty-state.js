/** What stands where nothing is yet, and what to do about it; and what stands where something went wrong. */
import { html } from "../ui.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";
import { prose } from "./prose.js";

/** `<${EmptyState} icon="list" title="No jobs yet" action=${html`<${Button}>...<//>`}>Long texts ...<//>` */
export function EmptyState({ icon, title, children, action }) {
  return html`<div class="empty">
    <span class="empty-icon"><${Icon} name=${icon} size=${28} /></span>
    <h3>${title}</h3>
    ${children && html`<p>${children}</p>`}
    ${action}
  </div>`;
}

/** An error that keeps a part of the page from being shown, with another try. */
export function Failed({ error, onRetry }) {
  return html`<div role="alert"><${EmptyState} icon="alert" title="This could not be loaded"
    action=${onRetry && html`<${Button} icon="refresh" onClick=${onRetry}>Try again<//>`}>
    ${prose(error.message)}<//></div>`;
}

/** What stands there until the first answer comes. */
export function Loading({ label = "Loading" }) {
  return html`<div class="loading" role="status"><span class="spinner" aria-hidden="true"></span>
    <span>${label} …</span></div>`;
}
