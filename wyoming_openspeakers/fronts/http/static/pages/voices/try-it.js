/** Speaks a sentence with a voice. */
import { loudspeaker } from "../../audio/output.js";
import { Playback } from "../../audio/playback.js";
import { Speech } from "../../audio/speech.js";
import { AudioPlayer } from "../../components/audio-player.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/fields.js";
import { sampleIn } from "../../components/sample-text.js";
import { duration } from "../../components/words.js";
import { useStore } from "../../state/store.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { Problem } from "./deed.js";
import { asHeard } from "./own-voices.js";

const LETTERS_PER_SECOND = 14;

export function TryIt({ voice }) {
  const [text, setText] = useState("");
  const [take, setTake] = useState(null);
  const current = useRef(null);
  const standard = sampleIn(voice.language);
  const stop = () => {
    current.current?.speech.stop();
    current.current?.playback.pause();
  };
  useEffect(() => stop, []);
  const speak = () => {
    stop();
    loudspeaker();
    const { model, id } = asHeard(voice);
    const speech = new Speech({ model, voice: id, input: text.trim() || standard });
    current.current = { key: Date.now(), speech, playback: new Playback(speech.sound) };
    setTake(current.current);
    current.current.playback.play();
    speech.run();
  };
  return html`<div class="stack">
    <${TextField} label="Text" rows=${2} placeholder=${standard} maxLength=${500} value=${text} onChange=${setText} />
    <div class="row is-end">
      <${Button} icon="play" kind="main" disabled=${!voice.available} onClick=${speak}>Say it<//></div>
    ${take && html`<${Spoken} key=${take.key} take=${take} name=${voice.name} />`}
  </div>`;
}

function Spoken({ take, name }) {
  const { state, firstAudio, error } = useStore(take.speech.progress);
  if (error) return html`<${Problem} error=${error} />`;
  const words = state === "waiting" ? "Waiting for the voice …" : `First audio after ${duration(firstAudio ?? 0)}`;
  return html`<${AudioPlayer} playback=${take.playback} label=${name}
      expected=${take.speech.body.input.length / LETTERS_PER_SECOND} />
    <p class="soft" role="status">${state === "stopped" ? "Stopped" : words}</p>`;
}
