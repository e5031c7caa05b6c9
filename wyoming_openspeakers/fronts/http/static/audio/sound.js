/** A sound that may still grow: mono, 16 bits. */
import { RATE } from "./output.js";

const PEAKS_PER_SECOND = 100;
const LOUDEST = 32_768;
const WAV_HEAD = 44;
const PIECE = 480_000;

export class Sound {
  #pieces = [];
  #starts = [];
  #watchers = new Set();
  #half = null;

  /** Samples so far. */
  length = 0;

  /** Nothing more comes. */
  isOver = false;

  /** The loudest of each hundredth of a second, from 0 to 1. */
  peaks = [];

  constructor(rate = RATE) {
    this.rate = rate;
    this.peakLength = Math.round(rate / PEAKS_PER_SECOND);
  }

  /** Adds a decoded recording, piece by piece so that the page stays quick; its channels become one. */
  async fill(buffer) {
    for (let start = 0; start < buffer.length; start += PIECE) {
      const samples = new Int16Array(Math.min(PIECE, buffer.length - start));
      for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
        const data = buffer.getChannelData(channel);
        for (let at = 0; at < samples.length; at += 1) {
          // Decoders overshoot where a recording is overdriven, and whole numbers would turn that around.
          const value = Math.max(-1, Math.min(1, data[start + at]));
          samples[at] += (value * (LOUDEST - 1)) / buffer.numberOfChannels;
        }
      }
      this.append(samples);
      await new Promise((resume) => setTimeout(resume));
    }
    this.end();
  }

  get seconds() {
    return this.length / this.rate;
  }

  /** Adds bytes as they come from the network, which may cut a sample in two. */
  appendBytes(bytes) {
    let whole = bytes;
    if (this.#half !== null) {
      whole = new Uint8Array(bytes.length + 1);
      whole[0] = this.#half;
      whole.set(bytes, 1);
    }
    this.#half = whole.length % 2 ? whole[whole.length - 1] : null;
    const even = whole.slice(0, whole.length - (whole.length % 2));
    this.append(new Int16Array(even.buffer));
  }

  append(samples) {
    if (!samples.length) return;
    this.#addPeaks(samples);
    this.#pieces.push(samples);
    this.#starts.push(this.length);
    this.length += samples.length;
    this.#tell();
  }

  end() {
    this.isOver = true;
    this.#tell();
  }

  /** Samples from -1 to 1; fewer than asked for at the end. */
  read(start, count) {
    const size = Math.max(0, Math.min(count, this.length - start));
    const found = new Float32Array(size);
    let piece = this.#pieceAt(start);
    for (let at = 0; at < size; piece += 1) {
      const samples = this.#pieces[piece];
      const from = start + at - this.#starts[piece];
      const many = Math.min(samples.length - from, size - at);
      for (let n = 0; n < many; n += 1) found[at + n] = samples[from + n] / LOUDEST;
      at += many;
    }
    return found;
  }

  /** Calls `watcher` when it grows or ends; gives what ends that. */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** All of it as a file, just as it was heard. */
  wav() {
    const size = this.length * 2;
    const head = new DataView(new ArrayBuffer(WAV_HEAD));
    const text = (at, letters) => [...letters].forEach((letter, n) => head.setUint8(at + n, letter.charCodeAt(0)));
    text(0, "RIFF");
    head.setUint32(4, WAV_HEAD - 8 + size, true);
    text(8, "WAVEfmt ");
    head.setUint32(16, 16, true);
    head.setUint16(20, 1, true);
    head.setUint16(22, 1, true);
    head.setUint32(24, this.rate, true);
    head.setUint32(28, this.rate * 2, true);
    head.setUint16(32, 2, true);
    head.setUint16(34, 16, true);
    text(36, "data");
    head.setUint32(40, size, true);
    return new Blob([head, ...this.#pieces], { type: "audio/wav" });
  }

  #pieceAt(sample) {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#starts[middle] <= sample) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #addPeaks(samples) {
    for (let at = 0; at < samples.length; at += 1) {
      const peak = Math.floor((this.length + at) / this.peakLength);
      const loud = Math.abs(samples[at]) / LOUDEST;
      if (peak === this.peaks.length) this.peaks.push(loud);
      else if (loud > this.peaks[peak]) this.peaks[peak] = loud;
    }
  }

  #tell() {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
