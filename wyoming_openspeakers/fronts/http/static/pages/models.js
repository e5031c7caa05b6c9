/** Models: to be written. */
import { EmptyState } from "../components/empty-state.js";
import { Card, PageHead } from "../components/page-head.js";
import { html } from "../ui.js";

export function Models() {
  return html`<${PageHead} title="Models" />
    <${Card}><${EmptyState} icon="cube" title="What speaks">
      Every model with its licence, size and languages, and who holds how much of the memory.
      This page is on its way; until then, <a href="docs">the HTTP interface</a> does all of it.<//><//>`;
}
