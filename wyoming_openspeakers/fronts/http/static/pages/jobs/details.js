/** All that is known of one entry, what went wrong with it, and what can be done. */
import { api } from "../../api.js";
import { AudioFile } from "../../components/audio-player.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Failed, Loading } from "../../components/empty-state.js";
import { Menu } from "../../components/menu.js";
import { sentence } from "../../components/prose.js";
import { titleOf as nameOf } from "../../components/schema-form.js";
import { Badge, Note } from "../../components/status.js";
import { bytes, duration, languageName } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html } from "../../ui.js";
import { again, audioPath, cancel, download, remove, subtitles } from "./actions.js";
import { adviceOf } from "./advice.js";
import { useLive } from "./live.js";
import { FORMATS, FRONTS, STATES, isOver, titleOf } from "./words.js";

export function Details({ id, onClose }) {
  const look = (signal) => api.get(`api/history/${id}`, {}, { signal });
  const { data, error, reload } = useLive(look, [id], (entry) => !isOver(entry));
  return html`<${Dialog} title="What was spoken" isWide onClose=${onClose}
    footer=${data && html`<${Doing} entry=${data} onClose=${onClose} />`}>
    ${data ? html`<${Known} entry=${data} />` : error ? html`<${Failed} error=${error} onRetry=${reload} />`
      : html`<${Loading} />`}
  <//>`;
}

function Known({ entry }) {
  const found = useStore(catalog);
  const [kind, words] = STATES[entry.status];
  return html`<div class="stack details">
    <p class="details-text" tabindex="0">${entry.text ?? html`<em>The text was not kept.</em>`}</p>
    ${entry.status === "failed" && html`<${Note} kind="bad">${sentence(entry.error ?? "Nobody knows why")}
      ${" "}${adviceOf(entry, found)}<//>`}
    ${entry.audio_url && html`<${AudioFile} path=${audioPath(entry)} label=${titleOf(entry)} />`}
    ${entry.status === "complete" && !entry.audio_url && html`<${Note}>The audio is not kept any more. Speak it again
      to hear it.<//>`}
    <dl class="facts">
      ${[["State", html`<${Badge} kind=${kind}>${words}<//>`], ...factsOf(entry)].map(([label, value]) => value
        && html`<div key=${label}><dt>${label}</dt><dd>${value}</dd></div>`)}
    </dl>
  </div>`;
}

const time = (ms) => ms !== null && duration(ms / 1000);
const moment = (date) => date && new Date(date).toLocaleString();

const factsOf = (entry) => [
  ["Voice", entry.voice && html`${entry.voice}${entry.text && html` · <a href=${
    hrefOf("speak", { voice: entry.voice, text: entry.text })}>Open in Speak</a>`}`],
  ["Language", entry.language && languageName(entry.language)],
  ["Came", [moment(entry.created_at), FRONTS[entry.front] ?? entry.front].filter(Boolean).join(" · ")],
  ["From", entry.client],
  ["Ended", moment(entry.completed_at)],
  ["Waited", time(entry.queued_ms)],
  ["First audio", time(entry.first_audio_ms)],
  ["Made in", time(entry.total_ms)],
  ["Length", entry.duration_seconds > 0 && `${duration(entry.duration_seconds)}${factor(entry)}`],
  ["File", entry.audio_url && `${entry.format.toUpperCase()}, ${bytes(entry.bytes)}`],
  ["Batch", entry.batch && html`<a href=${hrefOf(`jobs/batch/${entry.batch}`)}>All of its lines</a>`],
  ...Object.entries({ ...entry.parameters, ...entry.parameters.extra })
    .filter(([name]) => name !== "extra").map(([name, value]) => [nameOf(name), String(value)]),
];

function factor({ duration_seconds: seconds, total_ms: total }) {
  const times = total && seconds / (total / 1000);
  return times ? `, ${times.toFixed(times < 10 ? 1 : 0)}× real time` : "";
}

function Doing({ entry, onClose }) {
  if (!isOver(entry)) return html`<${Button} icon="stop" onClick=${() => cancel(entry.id)}>Cancel it<//>`;
  const files = FORMATS.map((format) => ({
    label: format.toUpperCase(), hint: format === entry.format ? "as it is kept" : "",
    onClick: () => download(entry, format),
  }));
  if (entry.parameters.words && entry.kind !== "live") {
    files.push(...["srt", "vtt"].map((ending) => ({
      label: ending.toUpperCase(), hint: "subtitles", onClick: () => subtitles(entry, ending),
    })));
  }
  return html`
    <${Button} icon="trash" kind="quiet" onClick=${async () => (await remove(entry)) && onClose()}>Delete<//>
    ${entry.audio_url && html`<${Menu} label="Download" icon="download" items=${files} />`}
    ${entry.text && html`<${Button} icon="refresh" kind="main"
      onClick=${async () => (await again(entry)) && onClose()}>Speak again<//>`}`;
}
