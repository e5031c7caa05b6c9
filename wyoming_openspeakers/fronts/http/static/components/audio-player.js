/** Players: of a sound that is here or comes, and of a recording that the service keeps. */
import { api } from "../api.js";
import { loudspeaker } from "../audio/output.js";
import { Playback } from "../audio/playback.js";
import { Sound } from "../audio/sound.js";
import { useStore } from "../state/store.js";
import { html, useEffect, useRef, useState } from "../ui.js";
import { IconButton } from "./button.js";
import { toastError } from "./toasts.js";
import { Waveform } from "./waveform.js";
import { clock } from "./words.js";

/** Bytes; hours of sound are left to the browser's own player, as they would fill the memory. */
const MOST_DECODED = 12_000_000;

/** Of a Playback: button, shape, time. */
export function AudioPlayer({ playback, label, expected }) {
  const state = useStore(playback.state);
  const isPlaying = state === "playing";
  return html`<div class="player" role="group" aria-label=${label}>
    <${IconButton} icon=${isPlaying ? "pause" : "play"} kind="round" label=${`${isPlaying ? "Pause" : "Play"} ${label}`}
      onClick=${() => playback.toggle()} />
    <${Waveform} playback=${playback} label=${label} expected=${expected} />
    <${Time} playback=${playback} />
  </div>`;
}

function Time({ playback }) {
  const element = useRef(null);
  useEffect(() => {
    const shown = element.current;
    // A list may have taken it away again before it was drawn.
    if (!shown) return undefined;
    const show = () => {
      shown.textContent = `${clock(playback.position)} / ${clock(playback.sound.seconds)}`;
    };
    show();
    const timer = setInterval(show, 250);
    return () => clearInterval(timer);
  }, [playback]);
  return html`<span class="player-time" ref=${element}></span>`;
}

/** Of audio that the service has, fetched when played: `<${AudioFile} path="api/voices/ID/audio" label="Grandma" />` */
export function AudioFile({ path, label }) {
  const [playback, setPlayback] = useState(null);
  const [isLoading, setIsLoading] = useState(false);
  const [address, setAddress] = useState("");
  useEffect(() => {
    setPlayback(null);
    setAddress("");
  }, [path]);
  useEffect(() => () => playback?.stop(), [playback]);
  useEffect(() => () => address && URL.revokeObjectURL(address), [address]);

  const load = async () => {
    const context = loudspeaker();
    setIsLoading(true);
    try {
      const blob = await api.blob(path);
      if (blob.size > MOST_DECODED) {
        setAddress(URL.createObjectURL(blob));
        return;
      }
      const buffer = await context.decodeAudioData(await blob.arrayBuffer());
      const next = new Playback(new Sound(buffer.sampleRate));
      setPlayback(next);
      next.play();
      await next.sound.fill(buffer);
    } catch (error) {
      toastError(error instanceof DOMException ? new Error(`${label} cannot be played by this browser`) : error);
    } finally {
      setIsLoading(false);
    }
  };
  if (address) return html`<audio class="plain-player" controls autoplay src=${address} aria-label=${label}></audio>`;
  if (playback) return html`<${AudioPlayer} playback=${playback} label=${label} />`;
  return html`<${IconButton} icon="play" kind="round" label=${`Play ${label}`}
    aria-busy=${isLoading ? "true" : undefined} disabled=${isLoading} onClick=${load} />`;
}
