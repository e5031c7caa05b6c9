/** How good a recording of a voice is: the same questions that the service asks, before anything is sent. */
const LEAST = 1.5;
const GOOD = 5;
const SPEECH_RANGE = 30;
const QUIETEST = -50;
const QUIET = -36;
const CLIPPED = 0.001;
const BADLY_CLIPPED = 0.05;
const FULL = 0.985;
const NOISY = 15;
const FRAME = 0.02;
const LOOKED_AT = 60;

const decibels = (power) => 10 * Math.log10(power + 1e-10);

/** The level of some samples in decibels, and how many of them are at their limit. */
export function measure(samples, from = 0, to = samples.length) {
  let power = 0;
  let clipped = 0;
  for (let at = from; at < to; at += 1) {
    power += samples[at] * samples[at];
    if (Math.abs(samples[at]) >= FULL) clipped += 1;
  }
  return { level: decibels(power / (to - from)), clipped };
}

/** Of a decoded recording. */
export function judge(buffer) {
  const samples = buffer.getChannelData(0);
  const size = Math.round(FRAME * buffer.sampleRate);
  const levels = [];
  let clipped = 0;
  for (let at = 0; at + size <= samples.length && levels.length * FRAME < LOOKED_AT; at += size) {
    const frame = measure(samples, at, at + size);
    levels.push(frame.level);
    clipped += frame.clipped;
  }
  return verdict(levels, FRAME, clipped / (levels.length * size || 1));
}

/**
 * `{speech, kind, texts}` of levels in decibels, each of so many seconds: `kind` is good, busy when it could be
 * better, bad when it is of no use; `texts` say why.
 */
export function verdict(levels, seconds, clipped) {
  const sorted = [...levels].sort((one, other) => one - other);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? -100;
  const active = levels.filter((level) => level > Math.max(-70, at(0.95) - SPEECH_RANGE));
  const speech = active.length * seconds;
  const loudness = decibels(active.reduce((sum, level) => sum + 10 ** (level / 10), 0) / (active.length || 1));
  const bad = [
    speech < LEAST && `There are ${speech.toFixed(1)} s of speech; at least ${LEAST} s are needed.`,
    speech > 0 && loudness < QUIETEST && "It is too quiet: speak closer to the microphone.",
    clipped > BADLY_CLIPPED && "It is overdriven: move away from the microphone, or turn it down.",
  ].filter(Boolean);
  const soft = [
    speech < GOOD && `With ${speech.toFixed(1)} s of speech it works; ${GOOD} to 30 s make a better voice.`,
    loudness < QUIET && "It is quiet: come closer to the microphone.",
    clipped > CLIPPED && "It is overdriven in places: move away a little.",
    at(0.9) - at(0.05) < NOISY && "There is much noise behind the voice: find a quieter place.",
    active.length < levels.length / 2 && "More than half of it are pauses.",
  ].filter(Boolean);
  if (bad.length) return { speech, kind: "bad", texts: bad };
  if (soft.length) return { speech, kind: "busy", texts: soft };
  return { speech, kind: "good", texts: [`${speech.toFixed(1)} s of clear speech.`] };
}
