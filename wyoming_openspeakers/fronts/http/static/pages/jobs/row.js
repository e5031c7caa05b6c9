/** One text that was spoken, or is to be: to hear, to speak again, to have. */
import { AudioFile } from "../../components/audio-player.js";
import { IconButton } from "../../components/button.js";
import { Icon } from "../../components/icon.js";
import { prose } from "../../components/prose.js";
import { Badge, Progress } from "../../components/status.js";
import { ago, count, duration } from "../../components/words.js";
import { html } from "../../ui.js";
import { again, audioPath, cancel, download, remove } from "./actions.js";
import { FRONTS, STATES, isOver, shortVoice, titleOf } from "./words.js";

/** Characters of a text that may be a book. */
const MOST_SHOWN = 300;

/** `href`: of its details; `onSelect(is)` where many can be selected. */
export function Row({ entry, href, number, isSelected, onSelect }) {
  const title = titleOf(entry);
  const [kind, words] = STATES[entry.status];
  const isMoving = entry.status === "running" && entry.progress !== undefined;
  return html`<li class="entry">
    ${onSelect && html`<input type="checkbox" class="pick" checked=${isSelected} aria-label=${`Select ${title}`}
      disabled=${!isOver(entry)} onChange=${(event) => onSelect(event.target.checked)} />`}
    ${number && html`<span class="entry-number soft">${number}</span>`}
    <div class="entry-sound">${entry.audio_url
      ? html`<${AudioFile} path=${audioPath(entry)} label=${title} />`
      : html`<span class="entry-mute"><${Icon} name=${entry.status === "failed" ? "alert" : "bars"} /></span>`}</div>
    <div class="entry-words">
      <a class="entry-text" href=${href}>${entry.text === null ? html`<em>The text was not kept</em>`
        : entry.text.slice(0, MOST_SHOWN)}</a>
      ${isMoving
        ? html`<${Progress} label="Speaking" value=${entry.progress} text=${percent(entry.progress)} />`
        : html`<span class="soft">${factsOf(entry).filter(Boolean).join(" · ")}</span>`}
      ${entry.error && html`<span class="entry-error">${prose(entry.error)}</span>`}
    </div>
    ${entry.status !== "complete" && !isMoving && html`<${Badge} kind=${kind}>${words}<//>`}
    <${Actions} entry=${entry} title=${title} />
  </li>`;
}

const percent = (share) => `${Math.round(share * 100)} %`;

const factsOf = (entry) => [
  entry.status === "pending" && entry.position > 0 && `${count(entry.position, "job goes", "jobs go")} first`,
  shortVoice(entry.voice),
  entry.duration_seconds > 0 && duration(entry.duration_seconds),
  FRONTS[entry.front],
  ago(entry.created_at),
];

function Actions({ entry, title }) {
  if (!isOver(entry)) {
    return html`<div class="entry-actions is-lone"><${IconButton} icon="stop" label=${`Cancel ${title}`}
      onClick=${() => cancel(entry.id)} /></div>`;
  }
  return html`<div class="entry-actions">
    <${IconButton} icon="refresh" label=${`Speak again: ${title}`} disabled=${!entry.text}
      onClick=${() => again(entry)} />
    <${IconButton} icon="download" label=${`Download ${title}`} disabled=${!entry.audio_url}
      onClick=${() => download(entry)} />
    <${IconButton} icon="trash" label=${`Delete ${title}`} onClick=${() => remove(entry)} />
  </div>`;
}
