/** Jobs that are being spoken or wait, with batches in one line each. */
import { api } from "../../api.js";
import { Card } from "../../components/page-head.js";
import { count } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { html } from "../../ui.js";
import { BatchState, useBatch } from "./batch.js";
import { useLive } from "./live.js";
import { Row } from "./row.js";
import { entryOf } from "./words.js";

const MOST = 100;
const MOST_SHOWN = 10;

export function Work() {
  const { data } = useLive(look, [], ({ total }) => total > 0);
  if (!data?.total) return null;
  const batches = [...new Set(data.jobs.map((job) => job.batch_id))].filter(Boolean);
  const alone = data.jobs.filter((job) => !job.batch_id);
  const more = data.total - data.jobs.length + Math.max(0, alone.length - MOST_SHOWN);
  return html`<${Card} title="In work" actions=${html`<span class="soft" role="status">
      ${`${count(data.total, "text")} to go`}</span>`}>
    ${batches.map((id) => html`<${BatchLine} key=${id} id=${id} />`)}
    ${alone.length > 0 && html`<ul aria-label="Jobs in work">${alone.slice(0, MOST_SHOWN).map((job) => html`
      <${Row} key=${job.id} entry=${entryOf(job)} href=${hrefOf(`jobs/entry/${job.id}`)} />`)}</ul>`}
    ${more > 0 && html`<p class="soft">And ${count(more, "more", "more")}.</p>`}
  <//>`;
}

/** What runs first, then what waits, by its turn. */
async function look(signal) {
  const [running, waiting] = await Promise.all(["running", "pending"].map(
    (status) => api.get("api/tts/jobs", { status, page_size: MOST }, { signal }),
  ));
  const turn = (job) => job.position ?? 0;
  return {
    jobs: [...running.jobs, ...waiting.jobs.sort((one, other) => turn(one) - turn(other))],
    total: running.total + waiting.total,
  };
}

function BatchLine({ id }) {
  const { data } = useBatch(id);
  return data && html`<${BatchState} batch=${data} href=${hrefOf(`jobs/batch/${id}`)} />`;
}
