/** Who waits for a model, and what is being spoken. */
import { api } from "../../api.js";
import { EmptyState, Failed } from "../../components/empty-state.js";
import { Table } from "../../components/list.js";
import { Card } from "../../components/page-head.js";
import { Badge } from "../../components/status.js";
import { count } from "../../components/words.js";
import { snapshot, useEvents } from "../../live.js";
import { useLoad } from "../../state/load.js";
import { useStore } from "../../state/store.js";
import { html, useEffect, useState } from "../../ui.js";

const EVERY = 2;
const OVER = new Set(["complete", "failed", "cancelled"]);
const MOST = 50;

const KINDS = { queued: "busy", loading: "busy", generating: "good" };
const COLUMNS = [
  { id: "client", label: "Who", draw: (job) => job.client || "Somebody" },
  { id: "voice", label: "Voice", draw: (job) => job.voice ?? job.model ?? "–" },
  { id: "state", label: "State", draw: (job) => html`<${Badge} kind=${KINDS[job.state] ?? "plain"}>
    ${job.state}${job.state === "queued" && job.position ? `, ${job.position} first` : ""}<//>` },
];

export function Queue() {
  const look = (signal) => api.get("api/system/queue", {}, { signal });
  const { data, error, reload } = useLoad(look, [], { every: EVERY });
  const jobs = useJobs();
  const shown = jobs.slice(0, MOST);
  return html`<${Card} title="Queue" actions=${data && html`<span class="soft" role="status">
      ${count(data.waiting, "sentence")} waiting</span>`}>
    ${error && !data && html`<${Failed} error=${error} onRetry=${reload} />`}
    ${shown.length ? html`<${Table} label="Requests in work" columns=${COLUMNS} rows=${shown} />`
      : html`<${EmptyState} icon="check" title="Nobody waits">Whoever speaks is listed here while they do.<//>`}
    ${jobs.length > MOST && html`<p class="soft">And ${count(jobs.length - MOST, "more", "more")}.</p>`}
    ${data?.models.map((model) => html`<p key=${model.model} class="soft">
      ${count(model.waiting.length, "sentence")} for ${model.model}, which is ${model.status}</p>`)}
  <//>`;
}

function useJobs() {
  const start = useStore(snapshot);
  const [jobs, setJobs] = useState(new Map());
  useEffect(() => setJobs(new Map((start?.jobs ?? []).map((job) => [job.job, job]))), [start]);
  useEvents(["job_changed"], ({ data }) => setJobs((old) => {
    const next = new Map(old);
    if (OVER.has(data.state)) next.delete(data.job);
    else next.set(data.job, data);
    return next;
  }));
  return [...jobs.values()].map((job) => ({ ...job, id: job.job }));
}
