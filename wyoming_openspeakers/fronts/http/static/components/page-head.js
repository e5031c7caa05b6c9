/** The heading of a page, what it is for, and what can be done on it as a whole. */
import { html } from "../ui.js";

/** `<${PageHead} title="Jobs" actions=${html`...`}>Long texts, spoken in the background.<//>` */
export function PageHead({ title, children, actions }) {
  return html`<div class="page-head">
    <div><h1>${title}</h1>${children && html`<p class="soft">${children}</p>`}</div>
    ${actions && html`<div class="row">${actions}</div>`}
  </div>`;
}

/** A part of a page: `<${Card} title="Queue" actions=${...}>...<//>` */
export function Card({ title, actions, children, class: more = "" }) {
  return html`<section class=${`card ${more}`} aria-label=${title}>
    ${title && html`<header class="card-head"><h2>${title}</h2>${actions}</header>`}
    ${children}
  </section>`;
}
