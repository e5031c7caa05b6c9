/** The machine's own memory, and what models may take of it. */
import { api } from "../../api.js";
import { Chart } from "../../components/chart.js";
import { Failed, Loading } from "../../components/empty-state.js";
import { Card } from "../../components/page-head.js";
import { Shares } from "../../components/status.js";
import { bytes } from "../../components/words.js";
import { snapshot, useEvents } from "../../live.js";
import { useLoad } from "../../state/load.js";
import { useStore } from "../../state/store.js";
import { html, useEffect, useState } from "../../ui.js";

const EVERY = 3;
const MOST = 100;

export function Memory() {
  const { data, error, reload } = useLoad((signal) => api.get("api/system/info", {}, { signal }), [], { every: EVERY });
  const [past, setPast] = useState([]);
  const holders = useHolders();
  useEffect(() => {
    if (data) setPast((old) => [...old, data.memory.total - data.memory.available].slice(-MOST));
  }, [data]);
  if (!data) {
    return html`<${Card} title="Memory">${error ? html`<${Failed} error=${error} onRetry=${reload} />`
      : html`<${Loading} />`}<//>`;
  }
  return html`<${Card} title="Memory">
    <${Chart} label="In use" values=${past} most=${MOST} top=${data.memory.total} show=${bytes}
      note=${`${bytes(data.memory.available)} of ${bytes(data.memory.total)} are free`} />
    ${Object.entries(data.pools).map(([device, pool]) => html`<div key=${device}>
      <h3>Models ${device === "cpu" ? "in host memory" : `on ${device}`}</h3>
      <${Shares} label=${`Models on ${device}`} total=${pool.budget} parts=${holders(device)} show=${bytes} />
      <p class="soft">${bytes(pool.used)} of ${bytes(pool.budget)} are taken or set aside</p>
    </div>`)}
  <//>`;
}

/** Who holds memory on a device: `holders("cpu")`, kept up to date by events. */
function useHolders() {
  const start = useStore(snapshot);
  const [models, setModels] = useState({});
  useEffect(() => setModels(start?.models ?? {}), [start]);
  useEvents(["model_state_changed"], ({ data }) => {
    const memory = data.device ? { [data.state === "parked" ? "cpu" : data.device]: data.memory } : {};
    const isThere = data.state === "resident" || data.state === "parked";
    setModels((old) => ({ ...old, [data.model]: { state: data.state, memory: isThere ? memory : {} } }));
  });
  return (device) => Object.entries(models)
    .map(([name, { memory }]) => ({ name, value: memory?.[device] ?? 0 }))
    .filter((part) => part.value > 0);
}
