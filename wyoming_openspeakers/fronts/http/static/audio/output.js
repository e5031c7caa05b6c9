/** The loudspeaker: one for the whole console, opened by the first click, as browsers want it. */

/** Of what the service streams. At the same rate pieces join without a seam, as none is resampled by itself. */
export const RATE = 24_000;

let context = null;

/** Call it in the handler of a click, so that the sound may start later. */
export function loudspeaker() {
  if (!context) {
    try {
      context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    } catch {
      context = new AudioContext({ latencyHint: "interactive" });
    }
  }
  if (context.state === "suspended") context.resume();
  return context;
}

/** When something that is scheduled is heard, on the clock of `performance.now()`. */
export function heardAt(time) {
  const latency = context.outputLatency || context.baseLatency || 0;
  return performance.now() + (time - context.currentTime + latency) * 1000;
}
