/** Records a voice in the browser: what to read, how loud, how long, how good; and once more. */
import { MOST_SECONDS, Microphone, hindrance } from "../../audio/microphone.js";
import { Button } from "../../components/button.js";
import { SelectField } from "../../components/fields.js";
import { Note } from "../../components/status.js";
import { clock, languageName } from "../../components/words.js";
import { useStore } from "../../state/store.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { Problem, useDeed } from "./deed.js";
import { Findings } from "./findings.js";
import { LANGUAGES, likelyLanguage, passageIn } from "./passages.js";

const QUIETEST = -60;
const CALM = { kind: "plain", texts: ["Read as you would to a friend, a hand's breadth from the microphone."] };

/** `onDone(file, name, words, language)` */
export function Recorder({ onDone }) {
  const [microphone] = useState(() => new Microphone());
  const [language, setLanguage] = useState(likelyLanguage);
  const { error, run } = useDeed();
  const count = useRef(0);
  const { phase, seconds, level, found } = useStore(microphone.state);
  const isRecording = phase === "recording";
  const problem = hindrance();
  useEffect(() => () => microphone.cancel(), []);
  if (problem) return html`<${Note}>${problem}<//>`;

  const start = () => run(async () => {
    const file = await microphone.record();
    if (!file) return;
    count.current += 1;
    onDone(file, `Recording ${count.current}`, passageIn(language), language);
  });
  return html`<div class="recorder">
    <div class="recorder-head"><p>Read this aloud</p><${SelectField} label="Language to read" isLabelUnseen
      value=${language} onChange=${setLanguage}
      options=${LANGUAGES.map((tag) => ({ value: tag, label: languageName(tag) }))} /></div>
    <blockquote lang=${language} tabindex="0" aria-label="What to read">${passageIn(language)}</blockquote>
    <div class="recorder-foot">
      <${Button} icon=${isRecording ? "stop" : "mic"} kind=${isRecording ? "danger" : "main"}
        isBusy=${phase === "asking"} onClick=${isRecording ? () => microphone.stop() : start}>
        ${isRecording ? "Stop" : "Record"}<//>
      ${isRecording && html`<${Button} kind="quiet" onClick=${() => microphone.cancel()}>Start over<//>`}
      <${Meter} level=${isRecording ? level : QUIETEST} />
      <span class="recorder-time">${clock(seconds)} / ${clock(MOST_SECONDS)}</span>
    </div>
    ${error ? html`<${Problem} error=${error} />`
      : html`<${Findings} found=${isRecording && seconds > 2 && found ? found : CALM} role="status" />`}
  </div>`;
}

function Meter({ level }) {
  const share = Math.max(0, Math.min(1, 1 - level / QUIETEST));
  return html`<div class="meter" role="meter" aria-label="Loudness" aria-valuemin="0" aria-valuemax="100"
    aria-valuenow=${Math.round(share * 100)}><span style=${{ transform: `scaleX(${share})` }}></span></div>`;
}
