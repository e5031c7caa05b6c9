/** The recordings of a cloned voice: heard, judged, added, taken away. */
import { api } from "../../api.js";
import { AudioFile } from "../../components/audio-player.js";
import { Button, IconButton } from "../../components/button.js";
import { confirm, Dialog } from "../../components/dialog.js";
import { TextField } from "../../components/fields.js";
import { Card } from "../../components/page-head.js";
import { toast } from "../../components/toasts.js";
import { duration } from "../../components/words.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { Problem, needsWords, useDeed } from "./deed.js";
import { Findings, foundBy } from "./findings.js";
import { RecordingDrafts } from "./recording-drafts.js";
import { Sending, formOf } from "./sending.js";

const MOST = 10;

export function Samples({ voice, onChange }) {
  const [isAdding, setIsAdding] = useState(false);
  const { samples } = voice;
  const actions = samples.length < MOST
    && html`<${Button} icon="plus" kind="quiet" onClick=${() => setIsAdding(true)}>Add<//>`;
  return html`<${Card} title="Recordings" actions=${actions}>
    <ul class="plain-list">${samples.map((sample) => html`<${Sample} key=${sample.id} voice=${voice} sample=${sample}
      canGo=${samples.length > 1} onChange=${onChange} />`)}</ul>
    ${isAdding && html`<${AddDialog} voice=${voice} onClose=${() => setIsAdding(false)} onChange=${onChange} />`}
  <//>`;
}

function Sample({ voice, sample, canGo, onChange }) {
  const [words, setWords] = useState(null);
  const { isBusy, error, run } = useDeed();
  const path = `api/voices/${voice.id}/samples/${sample.id}`;
  const name = sample.name || "Recording";
  const act = (deed, told) => run(async () => {
    await deed();
    toast(told, { kind: "good" });
    setWords(null);
    onChange();
  });
  const remove = async () => {
    const text = "It is deleted at once and for good. The voice may sound a little different then.";
    const isMeant = await confirm({ title: `Remove ${name}?`, text, action: "Remove", isDanger: true });
    if (isMeant) act(() => api.delete(path), `${name} is gone`);
  };
  const save = () => act(() => api.patch(path, { reference_text: words }), "The words are saved");
  return html`<li class="recording">
    <div class="recording-head"><strong>${name}</strong><span class="soft">${duration(sample.seconds)}</span>
      ${canGo && html`<${IconButton} icon="trash" label=${`Remove ${name}`} disabled=${isBusy} onClick=${remove} />`}
    </div>
    <div class="recording-sound"><${AudioFile} path=${`${path}/audio`} label=${name} />
      <${Findings} found=${foundBy(sample)} /></div>
    <${TextField} label="What is said in it" rows=${2} maxLength=${4000} value=${words ?? sample.reference_text}
      onChange=${setWords} />
    ${words !== null && words !== sample.reference_text && html`<div class="row is-end">
      <${Button} kind="quiet" onClick=${() => setWords(null)}>As it was<//>
      <${Button} isBusy=${isBusy} onClick=${save}>Save the words<//></div>`}
    <${Problem} error=${error} />
  </li>`;
}

function AddDialog({ voice, onClose, onChange }) {
  const [drafts, setDrafts] = useState([]);
  const [sent, setSent] = useState(0);
  const { isBusy, error, run } = useDeed();
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);
  const add = () => run(async () => {
    const options = { onProgress: setSent, signal: abort.current.signal };
    await api.post(`api/voices/${voice.id}/samples`, formOf({}, drafts[0]), options);
    toast(`${voice.name} has one more recording`, { kind: "good" });
    onChange();
    onClose();
  });
  return html`<${Dialog} title=${`Add a recording of ${voice.name}`} onClose=${onClose} isWide footer=${html`
    <${Button} onClick=${onClose}>Cancel<//>
    <${Button} kind="main" isBusy=${isBusy} onClick=${add}
      disabled=${!drafts.length || drafts[0].found?.kind === "bad"}>Add<//>`}>
    <div class="stack"><p class="soft">Of the same person, who still agrees.</p>
      <${RecordingDrafts} drafts=${drafts} onChange=${setDrafts} most=${1} needsWords=${needsWords(error)} />
      ${isBusy && html`<${Sending} sent=${sent} />`}<${Problem} error=${error} /></div>
  <//>`;
}
