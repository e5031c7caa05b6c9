/** Recordings of a voice before they are sent: dropped or made here, listened to, and judged. */
import { RATE } from "../../audio/output.js";
import { judge } from "../../audio/judge.js";
import { Playback } from "../../audio/playback.js";
import { Sound } from "../../audio/sound.js";
import { AudioPlayer } from "../../components/audio-player.js";
import { IconButton } from "../../components/button.js";
import { TextField } from "../../components/fields.js";
import { FileDrop } from "../../components/file-drop.js";
import { Tabs } from "../../components/tabs.js";
import { bytes } from "../../components/words.js";
import { html, useEffect, useState } from "../../ui.js";
import { Findings } from "./findings.js";
import { Recorder } from "./recorder.js";

const ACCEPTED = "audio/*,.wav,.flac,.mp3,.ogg,.opus,.m4a,.aac,.webm";
const MOST_LOOKED_AT = 30_000_000;
const UNSEEN = { kind: "plain", texts: ["This browser cannot look into it; the service will."] };

let made = 0;

/**
 * `drafts`: `[{key, file, name, words, language, playback, found}]`; `onChange` gets what makes new of old ones.
 * `needsWords`: the model has refused recordings of which it does not know what they say.
 */
export function RecordingDrafts({ drafts, onChange, most = 10, needsWords = false }) {
  const [way, setWay] = useState("upload");
  const add = async (file, name, words = "", language = "") => {
    const draft = { key: (made += 1), file, name, words, language, playback: null, found: null };
    onChange((old) => [...old, draft].slice(0, most));
    const heard = await listenTo(file);
    onChange((old) => old.map((one) => (one.key === draft.key ? { ...one, ...heard } : one)));
  };
  const remove = (draft) => onChange((old) => old.filter((one) => one.key !== draft.key));
  const setWords = (draft, words) =>
    onChange((old) => old.map((one) => (one.key === draft.key ? { ...one, words } : one)));
  const ways = [{ id: "upload", label: "Upload" }, { id: "record", label: "Record" }];
  return html`<div class="stack">
    ${drafts.length > 0 && html`<ul class="plain-list">${drafts.map((draft) => html`<${Draft} key=${draft.key}
      draft=${draft} needsWords=${needsWords} onRemove=${() => remove(draft)}
      onWords=${(words) => setWords(draft, words)} />`)}</ul>`}
    ${drafts.length < most && html`<${Tabs} label="How to add a recording" tabs=${ways} chosen=${way}
      onChoose=${setWay}>
      ${way === "record" ? html`<${Recorder} onDone=${add} />`
        : html`<${FileDrop} isMany=${most > 1} accept=${ACCEPTED}
        label=${drafts.length ? "Add one more recording" : "Drop a recording, or choose one"}
        onFiles=${(files) => files.forEach((file) => add(file, file.name))}>
        5 to 30 seconds of one person, without music: WAV, FLAC, MP3, OGG, M4A or WebM<//>`}
    <//>`}
  </div>`;
}

function Draft({ draft, needsWords, onRemove, onWords }) {
  const { name, file, playback, found, words } = draft;
  useEffect(() => () => playback?.stop(), [playback]);
  return html`<li class="recording">
    <div class="recording-head"><strong>${name}</strong><span class="soft">${bytes(file.size)}</span>
      <${IconButton} icon="trash" label=${`Remove ${name}`} onClick=${onRemove} /></div>
    ${playback && html`<${AudioPlayer} playback=${playback} label=${name} />`}
    ${found ? html`<${Findings} found=${found} /> ` : html`<p class="soft" role="status">Listening to it …</p>`}
    <${TextField} label="What is said in it" hint="Word for word. Some models need it, others speak better with it."
      error=${needsWords && !words.trim() && "This model reads along: write what is said."}
      rows=${2} maxLength=${4000} value=${words} onChange=${onWords} />
  </li>`;
}

async function listenTo(file) {
  if (file.size > MOST_LOOKED_AT) return { found: UNSEEN };
  try {
    const data = await file.arrayBuffer();
    const buffer = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(data);
    const playback = new Playback(new Sound(buffer.sampleRate));
    await playback.sound.fill(buffer);
    return { playback, found: judge(buffer) };
  } catch {
    return { found: UNSEEN };
  }
}
