/** Listens to one voice at a time, before it is chosen. */
import { Speech } from "../audio/speech.js";
import { html, useEffect, useRef, useState } from "../ui.js";
import { IconButton } from "./button.js";
import { sampleIn } from "./sample-text.js";
import { toastError } from "./toasts.js";

/** `const preview = usePreview()` for a whole list: `{id, toggle(voice)}`; voices have `id`, `model`, `language`. */
export function usePreview() {
  const [id, setId] = useState(null);
  const current = useRef(null);
  const end = () => {
    current.current?.speech.stop();
    current.current = null;
    setId(null);
  };
  useEffect(() => end, []);

  const toggle = async (voice) => {
    const isSame = current.current?.id === voice.id;
    end();
    if (isSame) return;
    const speech = new Speech({ model: voice.model, voice: voice.id, input: sampleIn(voice.language) });
    const mine = { id: voice.id, speech };
    current.current = mine;
    setId(voice.id);
    speech.playback.state.watch((state) => state === "idle" && current.current === mine && end());
    await speech.hear();
    if (speech.progress.value.state === "failed" && current.current === mine) {
      toastError(speech.progress.value.error);
      end();
    }
  };
  return { id, toggle };
}

export function PreviewButton({ preview, voice, ...rest }) {
  const isHeard = preview.id === voice.id;
  return html`<${IconButton} icon=${isHeard ? "stop" : "play"} onClick=${() => preview.toggle(voice)}
    label=${`${isHeard ? "Stop" : "Listen to"} ${voice.name}`} ...${rest} />`;
}
