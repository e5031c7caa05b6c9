/** One voice's answer: its sound, how fast it came, and what can be done with it. */
import { fileName, save } from "../../audio/save.js";
import { speechFile } from "../../audio/speech.js";
import { AudioPlayer } from "../../components/audio-player.js";
import { CopyButton } from "../../components/copy-button.js";
import { Menu } from "../../components/menu.js";
import { prose } from "../../components/prose.js";
import { Badge, Note } from "../../components/status.js";
import { toastError } from "../../components/toasts.js";
import { duration } from "../../components/words.js";
import { useStore } from "../../state/store.js";
import { html, useState } from "../../ui.js";
import { curlLine } from "./request.js";

const FORMATS = [
  ["wav", "as it was heard"], ["mp3", "plays everywhere"], ["opus", "small"], ["aac", "for Apple"],
  ["flac", "small and exact"], ["pcm", "24 kHz, 16 bits"],
];

const STATES = {
  waiting: ["busy", "Waiting for the voice"],
  streaming: ["busy", "Speaking"],
  done: ["good", "Ready"],
  stopped: ["plain", "Stopped"],
  failed: ["bad", "Failed"],
};

/** `take`: `{name, speech}`. */
export function Take({ take }) {
  const { name, speech } = take;
  const progress = useStore(speech.progress);
  const [kind, words] = STATES[progress.state];
  return html`<article class="take" aria-label=${name}>
    <header class="take-head"><h3>${name}</h3><span role="status"><${Badge} kind=${kind}>${words}<//></span></header>
    ${progress.error && html`<div role="alert"><${Note} kind="bad">${prose(progress.error.message)}<//></div>`}
    ${(!progress.error || speech.sound.length > 0) && html`<${AudioPlayer} playback=${speech.playback} label=${name}
      expected=${speech.expected} />`}
    <${Figures} progress=${progress} seconds=${speech.sound.seconds} />
    ${progress.state === "done" && html`<${Actions} speech=${speech} />`}
  </article>`;
}

function Figures({ progress, seconds }) {
  const { firstAudio, total, state } = progress;
  const figures = [
    ["First audio", firstAudio === null ? "–" : duration(firstAudio)],
    ["Made in", state === "done" ? duration(total) : "–"],
    ["Length", state === "done" ? duration(seconds) : "–"],
    ["Real-time factor", state === "done" && seconds ? factor(total / seconds) : "–"],
  ];
  return html`<dl class="figures">${figures.map(([label, value]) => html`<div key=${label}>
    <dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** How long a second of speech takes; and how many seconds are made in one. */
function factor(value) {
  const times = 1 / value;
  return html`${value.toFixed(value < 0.1 ? 3 : 2)}
    <span class="soft">${times.toFixed(times < 10 ? 1 : 0)}× real time</span>`;
}

function Actions({ speech }) {
  const [isBusy, setIsBusy] = useState(false);
  const [isShown, setIsShown] = useState(false);
  const text = speech.body.input;
  const download = async (format) => {
    setIsBusy(true);
    try {
      const blob = format === "wav" ? speech.sound.wav() : await speechFile(speech.body, format);
      save(blob, fileName(text, format));
    } catch (error) {
      toastError(error);
    } finally {
      setIsBusy(false);
    }
  };
  const command = curlLine(speech.body, "mp3");
  return html`<div class="row take-actions">
      <${Menu} label="Download" icon="download" isBusy=${isBusy} items=${FORMATS.map(([format, hint]) => ({
        label: format.toUpperCase(), hint, onClick: () => download(format),
      }))} />
      <button type="button" class="button is-quiet" aria-expanded=${isShown ? "true" : "false"}
        onClick=${() => setIsShown(!isShown)}>Command line</button>
    </div>
    ${isShown && html`<div class="command"><pre tabindex="0" aria-label="The same as a command">${command}</pre>
      <${CopyButton} text=${command} /></div>`}`;
}
