/** Speaks a sentence with a voice. */
import { Speech } from "../../audio/speech.js";
import { AudioPlayer } from "../../components/audio-player.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/fields.js";
import { sampleIn } from "../../components/sample-text.js";
import { duration } from "../../components/words.js";
import { useStore } from "../../state/store.js";
import { asHeard } from "../../state/voices.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { Problem } from "./deed.js";

export function TryIt({ voice }) {
  const [text, setText] = useState("");
  const [speech, setSpeech] = useState(null);
  const current = useRef(null);
  const standard = sampleIn(voice.language);
  const stop = () => current.current?.stop();
  useEffect(() => stop, []);
  const speak = () => {
    stop();
    const { model, id } = asHeard(voice);
    current.current = new Speech({ model, voice: id, input: text.trim() || standard });
    setSpeech(current.current);
    current.current.hear();
  };
  return html`<div class="stack">
    <${TextField} label="Text" rows=${2} placeholder=${standard} maxLength=${500} value=${text} onChange=${setText} />
    <div class="row is-end">
      <${Button} icon="play" kind="main" disabled=${!voice.available} onClick=${speak}>Say it<//></div>
    ${speech && html`<${Spoken} key=${speech.id} speech=${speech} name=${voice.name} />`}
  </div>`;
}

function Spoken({ speech, name }) {
  const { state, firstAudio, error } = useStore(speech.progress);
  if (error) return html`<${Problem} error=${error} />`;
  const words = state === "waiting" ? "Waiting for the voice …" : `First audio after ${duration(firstAudio ?? 0)}`;
  return html`<${AudioPlayer} playback=${speech.playback} label=${name} expected=${speech.expected} />
    <p class="soft" role="status">${state === "stopped" ? "Stopped" : words}</p>`;
}
