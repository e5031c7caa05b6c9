/** Records from the microphone, and tells meanwhile how loud, how long and how good it is. */
import { Store } from "../state/store.js";
import { measure, verdict } from "./judge.js";

/** Seconds after which it ends by itself: more does not make a better voice. */
export const MOST_SECONDS = 30;

const LOOK = 40;

/** Decibels by which what is shown falls at most, so that an eye can follow it. */
const FALL = 2;
const BITS_PER_SECOND = 128_000;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** What makes a microphone clear in a call takes from a voice what makes it one. */
const PLAIN = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const REFUSALS = {
  NotAllowedError: "The browser may not use the microphone. Allow it beside the address of this page, and try again.",
  NotFoundError: "There is no microphone. Plug one in, or upload a recording.",
  NotReadableError: "The microphone is in use elsewhere. Close what uses it, and try again.",
};

/** Why this browser cannot record here; nothing when it can. */
export function hindrance() {
  if (!globalThis.isSecureContext) {
    return "Browsers lend the microphone only to pages that came over HTTPS. Open the console so, "
      + "or record with your phone and upload the file.";
  }
  return navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder ? ""
    : "This browser cannot record. Record with another app, and upload the file.";
}

export class Microphone {
  #stream = null;
  #context = null;
  #recorder = null;
  #timer = 0;

  /** `{phase, seconds, level, found}`; phases: idle, asking, recording. `level` is in decibels, `found` a verdict. */
  state = new Store({ phase: "idle", seconds: 0, level: -100, found: null });

  /** Records until `stop` or for as long as is useful; gives the file, or null when it was cancelled meanwhile. */
  async record() {
    this.#tell({ phase: "asking", seconds: 0, level: -100, found: null });
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: PLAIN });
      if (this.state.value.phase !== "asking") return null;
      const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
      this.#recorder = new MediaRecorder(this.#stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
      const pieces = [];
      this.#recorder.ondataavailable = (event) => pieces.push(event.data);
      const over = new Promise((resolve) => {
        this.#recorder.onstop = resolve;
      });
      this.#recorder.start();
      this.#listen();
      this.#tell({ phase: "recording" });
      await over;
      const isWanted = this.state.value.phase === "recording";
      return isWanted ? new Blob(pieces, { type: this.#recorder.mimeType.split(";")[0] }) : null;
    } catch (error) {
      throw new Error(REFUSALS[error.name] ?? `The microphone does not work: ${error.message}`);
    } finally {
      this.#close();
    }
  }

  stop() {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }

  cancel() {
    this.#tell({ phase: "idle" });
    this.stop();
  }

  #listen() {
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    this.#context.createMediaStreamSource(this.#stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const levels = [];
    const began = performance.now();
    let clipped = 0;
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const heard = measure(samples);
      levels.push(heard.level);
      clipped += heard.clipped;
      const seconds = (performance.now() - began) / 1000;
      const found = verdict(levels, seconds / levels.length, clipped / (levels.length * samples.length));
      this.#tell({ seconds, level: Math.max(heard.level, this.state.value.level - FALL), found });
      if (seconds >= MOST_SECONDS) this.stop();
    }, LOOK);
  }

  #close() {
    clearInterval(this.#timer);
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#context?.close();
    this.#tell({ phase: "idle" });
    this.#stream = null;
    this.#context = null;
    this.#recorder = null;
  }

  #tell(change) {
    this.state.update((old) => ({ ...old, ...change }));
  }
}
