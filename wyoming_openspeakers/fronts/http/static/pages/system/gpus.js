/** The GPUs, a reading each second. */
import { EmptyState, Loading } from "../../components/empty-state.js";
import { Chart } from "../../components/chart.js";
import { Card } from "../../components/page-head.js";
import { sentence } from "../../components/prose.js";
import { Shares } from "../../components/status.js";
import { bytes } from "../../components/words.js";
import { useSocket } from "../../live.js";
import { html, useState } from "../../ui.js";

const MOST = 120;

export function Gpus() {
  const [past, setPast] = useState({});
  const { message } = useSocket("ws/gpu", (told) => setPast((old) => added(old, told.data.gpus)));
  if (!message) return html`<${Card} title="GPUs"><${Loading} label="Looking at the GPUs" /><//>`;
  const { gpus, problem } = message.data;
  if (!gpus.length) {
    return html`<${Card} title="GPUs"><${EmptyState} icon="cube" title="No GPU in use">
      ${problem && sentence(problem)}
      ${" "}Models run on the processor, which is enough for many voices.<//><//>`;
  }
  const nameOf = (gpu) => (gpus.length > 1 ? `${gpu.index}: ${gpu.name}` : gpu.name);
  return gpus.map((gpu) => html`<${Gpu} key=${gpu.uuid} name=${nameOf(gpu)} gpu=${gpu}
    past=${past[gpu.uuid] ?? []} />`);
}

function Gpu({ name, gpu, past }) {
  const models = Object.entries(gpu.models).map(([model, value]) => ({ name: model, value }));
  const others = gpu.memory_used - models.reduce((sum, one) => sum + one.value, 0);
  const parts = others > 0 ? [...models, { name: "Everything else", value: others, tone: "other" }] : models;
  const facts = [
    gpu.temperature !== null && `${gpu.temperature} °C`,
    gpu.power !== null && `${Math.round(gpu.power)} W`,
  ].filter(Boolean).join(" · ");
  return html`<${Card} title=${name} actions=${html`<span class="soft">${facts}</span>`}>
    <div class="charts">
      <${Chart} label="Load" values=${past.map((one) => one.utilisation)} most=${MOST} top=${100}
        show=${(value) => `${value} %`} />
      <${Chart} label="Memory" values=${past.map((one) => one.memory)} most=${MOST} top=${gpu.memory_total}
        show=${bytes} />
    </div>
    <${Shares} label="Memory" total=${gpu.memory_total} parts=${parts} show=${bytes} />
  <//>`;
}

function added(old, gpus) {
  return Object.fromEntries(gpus.map((gpu) => {
    const reading = { utilisation: gpu.utilisation, memory: gpu.memory_used };
    return [gpu.uuid, [...(old[gpu.uuid] ?? []), reading].slice(-MOST)];
  }));
}
