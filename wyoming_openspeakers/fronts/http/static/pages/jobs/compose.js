/** Sends a batch: pasted lines, or those of a file, each into a file of its own; or one long text. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { SelectField, Switch, TextField } from "../../components/fields.js";
import { FileDrop } from "../../components/file-drop.js";
import { prose } from "../../components/prose.js";
import { Note } from "../../components/status.js";
import { toast, toastError } from "../../components/toasts.js";
import { count } from "../../components/words.js";
import { kept, keep, keptValue } from "../../state/kept.js";
import { useLoad } from "../../state/load.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html, useEffect, useState } from "../../ui.js";
import { requestBody } from "../speak/request.js";
import { Settings, schemaOf } from "../speak/settings.js";
import { done } from "./actions.js";
import { linesOf, readLines } from "./lines.js";
import { FORMATS } from "./words.js";

const SESSION = { isForSession: true };
const MOST_LINES = 100;

/** `onSent(batch)`: its id, or nothing when it is a single job. */
export function Compose({ onSent, onClose }) {
  const { voices, models } = useStore(catalog);
  const [text, setText] = useState(() => kept("lines", SESSION));
  const [isSplit, setIsSplit] = useState(true);
  const [format, setFormat] = useState(() => kept("batch.format") || "mp3");
  const [choice, setChoice] = useState(() => ({
    voice: null, values: {}, language: "", seed: "", ...keptValue("batch.choice", keptValue("choice.a", {})),
  }));
  const [error, setError] = useState(null);
  const [isBusy, setIsBusy] = useState(false);
  const { data: config } = useLoad((signal) => api.get("api/system/config", {}, { signal }));
  const most = config?.jobs?.batch ?? MOST_LINES;
  useEffect(() => keep("lines", text, SESSION), [text]);
  useEffect(() => {
    const isThere = voices.some((one) => one.id === choice.voice?.id);
    if (voices.length && !isThere) setChoice((old) => ({ ...old, voice: voices[0], values: {}, language: "" }));
  }, [voices, choice.voice]);

  const lines = linesOf(text);
  const isTooMany = isSplit && lines.length > most;
  const read = async ([file]) => {
    try {
      setText((await readLines(file)).join("\n"));
      setError(null);
    } catch (problem) {
      toastError(problem);
    }
  };
  const send = async () => {
    setIsBusy(true);
    setError(null);
    const { model, input: _, voice, ...how } = requestBody("", choice, schemaOf(choice, models));
    const body = { ...how, model_id: model, voice_id: voice, output_format: format };
    try {
      const { batch_id: batch } = await (isSplit ? api.post("api/tts/batch", { ...body, lines })
        : api.post("api/tts/generate", { ...body, text }));
      keep("batch.choice", choice);
      keep("batch.format", format);
      setText("");
      if (!batch) toast("It is being spoken.", { kind: "good" });
      done();
      onSent(batch);
    } catch (problem) {
      setError(problem);
      setIsBusy(false);
    }
  };
  return html`<${Dialog} title="New batch" isWide onClose=${onClose} footer=${html`
      <${Button} onClick=${onClose}>Not now<//>
      <${Button} icon="play" kind="main" isBusy=${isBusy} disabled=${!lines.length || isTooMany || !choice.voice}
        onClick=${send}>${isSplit && lines.length ? `Speak ${count(lines.length, "line")}` : "Speak"}<//>`}>
    <div class="compose">
      <div class="stack">
        <${TextField} label=${isSplit ? "Lines" : "Text"} rows=${9} value=${text} onChange=${setText} data-focus
          hint=${isSplit ? "One line, one file." : `All of it goes into one file. ${count(text.length, "character")}.`}
          error=${isTooMany && `A batch has up to ${most} lines: these are ${lines.length - most} too many.`} />
        <${FileDrop} label="Lines from a file" accept=".txt,.csv,text/plain,text/csv" onFiles=${read}>
          A text file, or a table with one column (CSV)<//>
      </div>
      <div class="stack">
        <${Settings} label="Voice" mustChoose choice=${choice} onChange=${setChoice} />
        <${SelectField} label="Format" value=${format} onChange=${setFormat}
          options=${FORMATS.map((value) => ({ value, label: value.toUpperCase() }))} />
        <${Switch} label="A file for each line" value=${isSplit} onChange=${setIsSplit} />
        ${error && html`<div role="alert"><${Note} kind="bad">${where(error)}${prose(error.message)}<//></div>`}
      </div>
    </div>
  <//>`;
}

/** `Line 4: ` of an error that is about one. */
function where({ param }) {
  const [, line] = /^lines\.(\d+)/.exec(param ?? "") ?? [];
  return line === undefined ? "" : `Line ${Number(line) + 1}: `;
}
