/** Has a text spoken, and gives and plays the sound while it comes. */
import { ask, isAbort } from "../api.js";
import { Store } from "../state/store.js";
import { Playback } from "./playback.js";
import { Sound } from "./sound.js";

const SPEECH = "v1/audio/speech";
const LETTERS_PER_SECOND = 14;

let made = 0;

/**
 * One request for speech. `state` is waiting, streaming, done, stopped or failed; times are in seconds since the
 * request was sent.
 */
export class Speech {
  #abort = new AbortController();

  constructor(body) {
    this.body = body;
    this.id = made += 1;
    this.sound = new Sound();
    this.playback = new Playback(this.sound);
    this.progress = new Store({ state: "waiting", firstAudio: null, total: null, error: null });
  }

  /** Seconds that it will last, as far as a text tells. */
  get expected() {
    return this.body.input.length / LETTERS_PER_SECOND / (this.body.speed ?? 1);
  }

  /** Plays it from its first bytes on, until all has come. Browsers want that to begin in the handler of a click. */
  hear() {
    this.playback.play();
    return this.run();
  }

  /** Has it spoken, until all has come. */
  async run() {
    const began = performance.now();
    const since = () => (performance.now() - began) / 1000;
    const tell = (change) => this.progress.update((old) => ({ ...old, ...change }));
    try {
      const body = { ...this.body, response_format: "pcm" };
      const response = await ask("POST", SPEECH, { body, signal: this.#abort.signal });
      const reader = response.body.getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        if (this.progress.value.state === "waiting") {
          performance.mark("speech:first-byte");
          tell({ state: "streaming", firstAudio: since() });
        }
        this.sound.appendBytes(value);
      }
      tell({ state: "done", total: since() });
    } catch (error) {
      if (isAbort(error)) tell({ state: "stopped", total: since() });
      else tell({ state: "failed", total: since(), error: cutOff(error) });
    }
    this.sound.end();
  }

  /** Ends it at once: the engine, and what is heard. What has come can be played again. */
  stop() {
    this.#abort.abort();
    this.playback.pause();
  }
}

/** The same speech as a file. What was said a moment ago comes from the service's cache. */
export async function speechFile(body, format) {
  const response = await ask("POST", SPEECH, { body: { ...body, response_format: format } });
  return response.blob();
}

/** After its first sound, the service can only end the connection early. */
function cutOff(error) {
  return error.status === undefined ? new Error("The voice broke off. The service's log, and System, say why.") : error;
}
