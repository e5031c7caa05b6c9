/** Jobs: what is in work, batches, and the history of all that was spoken. */
import { Button } from "../components/button.js";
import { PageHead } from "../components/page-head.js";
import { go } from "../router.js";
import { html } from "../ui.js";
import { BatchPage } from "./jobs/batch.js";
import { Compose } from "./jobs/compose.js";
import { Details } from "./jobs/details.js";
import { History } from "./jobs/history.js";
import { Work } from "./jobs/work.js";

/** `#/jobs`, `#/jobs/new`, `#/jobs/entry/ID`, `#/jobs/batch/ID/ENTRY`; the list stays behind what opens over it. */
export function Jobs({ route }) {
  const [place, id, line] = route.rest;
  const query = Object.fromEntries(route.query);
  const isBatch = place === "batch" && id;
  const entry = isBatch ? line : place === "entry" && id;
  const close = () => go(isBatch ? `jobs/batch/${id}` : "jobs", query, { replace: true });
  return html`
    <${PageHead} title="Jobs" actions=${html`<${Button} icon="plus" kind="main"
      onClick=${() => go("jobs/new", query)}>New batch<//>`}>
      All that was spoken, and what is in work.<//>
    ${isBatch ? html`<${BatchPage} key=${id} id=${id} />`
      : html`<div class="stack"><${Work} /><${History} route=${route} /></div>`}
    ${entry && html`<${Details} key=${entry} id=${entry} onClose=${close} />`}
    ${place === "new" && html`<${Compose} onClose=${close}
      onSent=${(batch) => go(batch ? `jobs/batch/${batch}` : "jobs", {}, { replace: true })} />`}`;
}
