/** What jobs and other entries of the history are called. */

export const STATES = {
  pending: ["busy", "Waiting"],
  running: ["busy", "Speaking"],
  complete: ["good", "Done"],
  failed: ["bad", "Failed"],
  cancelled: ["plain", "Stopped"],
};

export const KINDS = { live: "Listened to", job: "Jobs", batch: "Batches" };

export const FRONTS = { wyoming: "Wyoming", http: "HTTP", mqtt: "MQTT", cli: "Command line" };

export const FORMATS = ["mp3", "wav", "opus", "aac", "flac", "pcm"];

const OVER = new Set(["complete", "failed", "cancelled"]);
const LONGEST = 60;

export const isOver = (entry) => OVER.has(entry.status);

/** What it says, as far as a label has room. */
export function titleOf(entry) {
  const text = entry.text?.trim();
  if (!text) return entry.text === null ? "a text that was not kept" : "nothing";
  return text.length > LONGEST ? `${text.slice(0, LONGEST).trimEnd()} …` : text;
}

/** `heart` of `hibari/heart`. */
export const shortVoice = (name) => name?.slice(name.indexOf("/") + 1);

/** A job in the form in which the history has it. */
export const entryOf = (job) => ({
  ...job,
  kind: job.batch_id ? "batch" : "job",
  model: job.model_id,
  voice: job.voice_id,
  profile: job.voice_profile_id,
  batch: job.batch_id,
  error: job.error_message,
});
