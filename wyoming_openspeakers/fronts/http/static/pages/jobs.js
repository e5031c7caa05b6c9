/** Jobs: to be written. */
import { EmptyState } from "../components/empty-state.js";
import { Card, PageHead } from "../components/page-head.js";
import { html } from "../ui.js";

export function Jobs() {
  return html`<${PageHead} title="Jobs" />
    <${Card}><${EmptyState} icon="list" title="Long texts, in the background">
      Stories, announcements and whole batches are spoken into files, and are here to be heard again.
      This page is on its way; until then, <a href="docs">the HTTP interface</a> does all of it.<//><//>`;
}
