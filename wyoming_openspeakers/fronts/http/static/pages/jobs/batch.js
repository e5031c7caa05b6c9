/** One batch: how far it is, its lines, and all of its files at once. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { EmptyState, Failed, Loading } from "../../components/empty-state.js";
import { Card } from "../../components/page-head.js";
import { Progress } from "../../components/status.js";
import { count } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { html, useState } from "../../ui.js";
import { cancelBatch, downloadBatch } from "./actions.js";
import { useLive } from "./live.js";
import { Row } from "./row.js";
import { STATES, entryOf, isOver } from "./words.js";

export const useBatch = (id) => useLive(
  (signal) => api.get(`api/tts/batches/${id}`, {}, { signal }), [id],
  ({ jobs }) => !jobs.every(isOver),
);

export function BatchPage({ id }) {
  const { data, error, reload } = useBatch(id);
  const back = html`<a href=${hrefOf("jobs")}>All jobs</a>`;
  if (!data) {
    if (!error) return html`<${Loading} />`;
    return html`<${Card}>${error.status === 404
      ? html`<${EmptyState} icon="list" title="There is no such batch" action=${back}>It may have been deleted.<//>`
      : html`<${Failed} error=${error} onRetry=${reload} />`}<//>`;
  }
  return html`<div class="stack">
    <p>${back}</p>
    <${Card} title="Batch"><${BatchState} batch=${data} /><//>
    <${Card} title="Lines">
      <ol class="entries" aria-label="Lines of the batch">${data.jobs.map((job, at) => html`<${Row} key=${job.id}
        entry=${entryOf(job)} number=${at + 1} href=${hrefOf(`jobs/batch/${id}/${job.id}`)} />`)}</ol>
    <//>
  </div>`;
}

/** How far it is, in one line, with what can be done with all of it. */
export function BatchState({ batch, href }) {
  const { jobs, total, status_counts: counts } = batch;
  const isDone = jobs.every(isOver);
  const share = jobs.reduce((sum, job) => sum + (isOver(job) ? 1 : job.progress), 0) / total;
  const [isBusy, setIsBusy] = useState(false);
  const busy = (work) => async () => {
    setIsBusy(true);
    await work(batch.batch_id);
    setIsBusy(false);
  };
  const label = `${count(total, "line")}${href ? " in a batch" : ""}`;
  return html`<div class="batch">
    <${Progress} label=${href ? html`<a href=${href}>${label}</a>` : label} value=${share} text=${wordsOf(counts)} />
    <div class="row is-end">
      ${!isDone && html`<${Button} icon="stop" isBusy=${isBusy} onClick=${busy(cancelBatch)}>Cancel<//>`}
      ${counts.complete > 0 && html`<${Button} icon="download" kind=${isDone ? "main" : "plain"} isBusy=${isBusy}
        onClick=${busy(downloadBatch)}>${isDone ? "Download ZIP" : "ZIP so far"}<//>`}
    </div>
  </div>`;
}

const ORDER = ["complete", "failed", "cancelled", "running", "pending"];

/** `18 done, 2 waiting`. */
const wordsOf = (counts) => ORDER.filter((state) => counts[state])
  .map((state) => `${counts[state]} ${STATES[state][1].toLowerCase()}`).join(", ");
