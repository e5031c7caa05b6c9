/** A line over the last minutes, with the value of now in words. */
import { html } from "../ui.js";

const WIDTH = 240;
const HEIGHT = 64;

/** `values`: the oldest first, null for gaps; `most`: how many fit; `top`: the highest that can be. */
export function Chart({ label, values, most = 120, top, show = String, note }) {
  const known = values.filter((value) => value !== null);
  const last = values.length ? values[values.length - 1] : null;
  const highest = Math.max(top ?? Math.max(...known, 1), 1e-9);
  const line = values.length === 1 ? [values[0], values[0]] : values;
  const x = (at) => WIDTH - ((line.length - 1 - at) / (most - 1)) * WIDTH;
  const y = (value) => HEIGHT - 2 - (Math.min(value, highest) / highest) * (HEIGHT - 6);
  const points = line.map((value, at) => [x(at), value]).filter(([, value]) => value !== null)
    .map(([across, value]) => `${across.toFixed(1)},${y(value).toFixed(1)}`);
  const words = last === null ? "not known" : show(last);
  return html`<figure class="chart">
    <figcaption><span>${label}</span><strong>${words}</strong></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${label}: ${words}`}>
      <path class="chart-ground" d=${`M0,${HEIGHT - 2}H${WIDTH}`} />
      ${points.length > 1 && html`
        <path class="chart-area" d=${`M${points[0].split(",")[0]},${HEIGHT - 2}L${points.join("L")}V${HEIGHT - 2}Z`} />
        <path class="chart-line" d=${`M${points.join("L")}`} />`}
    </svg>
    ${note && html`<p class="soft">${note}</p>`}
  </figure>`;
}
