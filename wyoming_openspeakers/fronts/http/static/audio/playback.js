/**
 * Plays a sound, also while it still grows. Pieces are put one behind the other on the clock of the sound card, a few
 * seconds ahead: no seam, and no hurry for the page. (A worklet would need HTTPS, which houses seldom have.)
 */
import { Store } from "../state/store.js";
import { heardAt, loudspeaker } from "./output.js";

/** Seconds between now and the first sample, so that it is not late. */
const LEAD = 0.02;

/** Seconds that are handed over at once, and that are handed over before they are due. */
const PIECE = 1;
const AHEAD = 6;

const LOOK = 250;

let playing = null;

export class Playback {
  #sound;
  #nodes = new Set();
  #from = 0;
  #next = 0;
  #base = 0;
  #timer = 0;
  #unwatch = null;

  /** idle, playing, or paused. */
  state = new Store("idle");

  /** When its first sample was heard, on the clock of `performance.now()`; 0 before that. */
  firstHeard = 0;

  constructor(sound) {
    this.#sound = sound;
  }

  get sound() {
    return this.#sound;
  }

  /** Seconds from the start of the sound. */
  get position() {
    if (this.state.value !== "playing") return this.#from / this.#sound.rate;
    const now = this.#from + (loudspeaker().currentTime - this.#base) * this.#sound.rate;
    return Math.max(this.#from, Math.min(now, this.#next)) / this.#sound.rate;
  }

  /** Goes on from where it is, or starts over after its end. Whatever else is playing pauses. */
  play() {
    if (this.state.value === "playing") return;
    if (playing && playing !== this) playing.pause();
    playing = this;
    if (this.#sound.isOver && this.#from >= this.#sound.length) this.#from = 0;
    this.#begin();
  }

  pause() {
    if (this.state.value !== "playing") return;
    this.#from = Math.round(this.position * this.#sound.rate);
    this.#silence();
    this.state.set("paused");
  }

  toggle() {
    if (this.state.value === "playing") this.pause();
    else this.play();
  }

  /** Goes to a time, in seconds. */
  seek(seconds) {
    const isPlaying = this.state.value === "playing";
    this.#silence();
    this.#from = Math.max(0, Math.min(Math.round(seconds * this.#sound.rate), this.#sound.length));
    if (isPlaying) this.#begin();
    else this.state.set("paused");
  }

  /** Ends it; what is heard stops at once. */
  stop() {
    this.#silence();
    this.#from = 0;
    this.state.set("idle");
  }

  #begin() {
    this.#next = this.#from;
    this.#base = loudspeaker().currentTime + LEAD;
    this.state.set("playing");
    this.#unwatch = this.#sound.watch(() => this.#feed());
    this.#timer = setInterval(() => this.#feed(), LOOK);
    this.#feed();
  }

  #feed() {
    const context = loudspeaker();
    const sound = this.#sound;
    for (;;) {
      const samples = sound.read(this.#next, Math.round(PIECE * sound.rate));
      if (!samples.length) break;
      let due = this.#base + (this.#next - this.#from) / sound.rate;
      if (due < context.currentTime) {
        // What should have been heard by now has only just come: go on from here.
        this.#base += context.currentTime + LEAD - due;
        due = context.currentTime + LEAD;
      }
      if (due > context.currentTime + AHEAD) break;
      this.#schedule(context, samples, due);
      this.#next += samples.length;
    }
    const end = this.#base + (this.#next - this.#from) / sound.rate;
    if (sound.isOver && this.#next >= sound.length && context.currentTime >= end) this.#finish();
  }

  #schedule(context, samples, due) {
    const buffer = context.createBuffer(1, samples.length, this.#sound.rate);
    buffer.copyToChannel(samples, 0);
    const node = context.createBufferSource();
    node.buffer = buffer;
    node.connect(context.destination);
    node.onended = () => this.#nodes.delete(node);
    node.start(due);
    this.#nodes.add(node);
    if (!this.firstHeard) {
      this.firstHeard = heardAt(due);
      performance.mark("speech:scheduled");
    }
  }

  #finish() {
    this.#silence();
    this.#from = this.#sound.length;
    this.state.set("idle");
  }

  #silence() {
    clearInterval(this.#timer);
    this.#unwatch?.();
    for (const node of this.#nodes) {
      node.onended = null;
      node.stop();
      node.disconnect();
    }
    this.#nodes.clear();
    if (playing === this) playing = null;
  }
}
