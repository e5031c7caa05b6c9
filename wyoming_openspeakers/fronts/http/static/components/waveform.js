/** The shape of a sound, and where in it one is; a click or an arrow key goes elsewhere. */
import { theme } from "../state/theme.js";
import { html, useEffect, useRef } from "../ui.js";
import { clock } from "./words.js";

const BAR = 3;
const GAP = 2;
const LEAST = 3;

/** `expected`: seconds that a sound which still grows may have in the end. */
export function Waveform({ playback, label, expected = 0 }) {
  const canvas = useRef(null);
  const slider = useRef(null);
  const { sound } = playback;

  useEffect(() => {
    let frame = 0;
    const shape = canvas.current;
    const handle = slider.current;
    const painter = new Painter(shape);
    const whole = () => Math.max(sound.seconds, sound.isOver ? 0 : expected, 0.1);
    const draw = () => {
      frame = 0;
      painter.draw(sound, playback.position, whole());
      describe(handle, playback.position, whole());
      if (playback.state.value === "playing") frame = requestAnimationFrame(draw);
    };
    const soon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    const sizes = new ResizeObserver(soon);
    sizes.observe(shape);
    const colours = matchMedia("(prefers-color-scheme: dark)");
    colours.addEventListener("change", soon);
    const ends = [sound.watch(soon), playback.state.watch(soon), theme.watch(soon)];
    soon();
    return () => {
      cancelAnimationFrame(frame);
      sizes.disconnect();
      colours.removeEventListener("change", soon);
      ends.forEach((end) => end());
    };
  }, [playback, expected]);

  const onInput = (event) => playback.seek(Number(event.target.value));
  return html`<div class="waveform">
    <canvas ref=${canvas} aria-hidden="true"></canvas>
    <input ref=${slider} type="range" min="0" step="0.05" aria-label=${`Position in ${label}`} onInput=${onInput} />
  </div>`;
}

function describe(slider, position, whole) {
  slider.max = whole.toFixed(2);
  slider.value = position.toFixed(2);
  slider.setAttribute("aria-valuetext", `${clock(position)} of ${clock(whole)}`);
}

class Painter {
  #key = "";
  #loud = [];

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  draw(sound, position, whole) {
    const { canvas, context } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const [played, coming, empty] = ["--played", "--coming", "--empty"].map((name) => style.getPropertyValue(name));
    const bars = Math.floor((width + GAP) / (BAR + GAP));
    const heights = this.#heights(sound, whole, bars);
    for (let bar = 0; bar < bars; bar += 1) {
      const loud = heights[bar];
      const tall = loud === null ? LEAST : Math.max(LEAST, Math.sqrt(loud) * height);
      const isPlayed = ((bar + 0.5) / bars) * whole <= position;
      context.fillStyle = loud === null ? empty : isPlayed ? played : coming;
      context.beginPath();
      context.roundRect(bar * (BAR + GAP), (height - tall) / 2, BAR, tall, BAR / 2);
      context.fill();
    }
  }

  /** How loud each bar is; looked up anew only when the sound has grown or the page is of another size. */
  #heights(sound, whole, bars) {
    const key = `${sound.length} ${whole} ${bars}`;
    if (key !== this.#key) {
      const perBar = (whole * sound.rate) / sound.peakLength / bars;
      this.#loud = Array.from({ length: bars }, (_, bar) => loudest(sound.peaks, bar * perBar, (bar + 1) * perBar));
      this.#key = key;
    }
    return this.#loud;
  }
}

/** Null where there is nothing yet. */
function loudest(peaks, from, to) {
  const first = Math.floor(from);
  if (first >= peaks.length) return null;
  const last = Math.min(peaks.length, Math.max(first + 1, Math.ceil(to)));
  let most = 0;
  for (let at = first; at < last; at += 1) most = Math.max(most, peaks[at]);
  return most;
}
