/** Who holds how much of each GPU and of the host's memory. */
import { api } from "../../api.js";
import { Card } from "../../components/page-head.js";
import { Shares } from "../../components/status.js";
import { bytes } from "../../components/words.js";
import { useSocket } from "../../live.js";
import { useLoad } from "../../state/load.js";
import { html } from "../../ui.js";
import { placeName } from "./standing.js";

const EVERY = 10;

export function MemoryBars({ models }) {
  const held = JSON.stringify(models.map((model) => model.memory));
  const { data } = useLoad((signal) => api.get("api/system/info", {}, { signal }), [held], { every: EVERY });
  const { message } = useSocket("ws/gpu");
  if (!data) return null;
  const gpus = new Map((message?.data.gpus ?? []).map((gpu) => [`cuda:${gpu.index}`, gpu]));
  return html`<${Card} title="Memory">
    <div class="pools">${Object.entries(data.pools).map(([device, pool]) => html`<${Pool} key=${device} device=${device}
      pool=${pool} gpu=${gpus.get(device)} models=${models} />`)}</div>
    ${held === JSON.stringify(models.map(() => ({}))) && html`<p class="soft">No model is loaded. Each is when somebody
      wants to hear it.</p>`}
  <//>`;
}

function Pool({ device, pool, gpu, models }) {
  const parts = models.filter((model) => model.memory[device]).map((model) => ({
    name: model.status === "parked" ? `${model.name}, parked` : model.name, value: model.memory[device],
  }));
  const others = gpu ? gpu.memory_used - parts.reduce((sum, part) => sum + part.value, 0) : 0;
  if (others > 0) parts.push({ name: "Everything else", value: others, tone: "other" });
  const title = gpu ? gpu.name : placeName(device);
  const free = Math.max(0, pool.budget - pool.used);
  return html`<div>
    <h3>${title.charAt(0).toUpperCase()}${title.slice(1)}</h3>
    <${Shares} label=${`Memory of ${title}`} total=${gpu ? gpu.memory_total : pool.budget} parts=${parts}
      show=${bytes} />
    <p class="soft">${bytes(free)} of ${bytes(pool.budget)} for models are free</p>
  </div>`;
}
