/** What is to be said of a model: how it is, how large, what it can do, under which terms. */
import { bytes, count, duration, languageName } from "../../components/words.js";

const FEW_LANGUAGES = 3;

const STATES = {
  loading: { kind: "busy", text: "Loading" },
  resident: { kind: "good", text: "Loaded" },
  parking: { kind: "busy", text: "Parking" },
  parked: { kind: "accent", icon: "pause", text: "Parked" },
  unloading: { kind: "busy", text: "Unloading" },
};

const CAPABILITIES = [
  ["supports_voice_cloning", "mic", "Clones voices"],
  ["supports_voice_design", "sliders", "Designs voices"],
  ["supports_instructions", "pencil", "Follows instructions"],
  ["supports_dialogue", "compare", "Dialogue"],
  ["supports_mixing", "plus", "Mixes voices"],
  ["supports_streaming", "bars", "Streams"],
  ["supports_speed", "gauge", "Speed and pitch"],
  ["supports_words", "list", "Times of words"],
];

export const isActive = (download) => download?.state === "waiting" || download?.state === "downloading";

/** Whether none of its files are here, a part at most. */
export const isAway = (model) => !model.installed && Boolean(model.hf_repo) && model.disk_bytes <= model.partial_bytes;

/** `{kind, icon, text}` for a badge. */
export function standing(model, downloads) {
  const active = downloads.filter(isActive);
  if (active.length) {
    const isWaiting = active.every((one) => one.state === "waiting");
    return { kind: "busy", text: isWaiting ? "Waiting to download" : "Downloading" };
  }
  if (failureOf(model)) return { kind: "bad", text: "Did not load" };
  if (model.status !== "cold") return STATES[model.status];
  if (model.installed) return { kind: "plain", icon: "check", text: "Ready" };
  if (model.partial_bytes) return { kind: "plain", icon: "download", text: "Partly downloaded" };
  return isAway(model) ? { kind: "plain", icon: "download", text: "Not downloaded" }
    : { kind: "bad", text: "Cannot be used" };
}

/** `{error, time}` of the last try to load it, where that did not go well. */
export const failureOf = (model) => (model.status === "cold" && model.installed && model.load_failure) || null;

/** What keeps it from being used; null where that is only its files, which a button gets. */
export function problemOf(model) {
  const isFilesOnly = isAway(model) && model.problem?.includes("`wyoming-openspeakers models download ");
  return isFilesOnly ? null : model.problem;
}

/** `[{icon, text}]` */
export const capabilities = (model) =>
  CAPABILITIES.filter(([field]) => model[field]).map(([, icon, text]) => ({ icon, text }));

/** `[[name, value]]` of what is known. */
export const factsOf = (model) => [
  ["Size", sizeOf(model)],
  ["Languages", languagesOf(model)],
  ["Voices", model.voices && count(model.voices, "voice")],
  ["Memory", memoryOf(model)],
].filter(([, value]) => value);

function sizeOf(model) {
  const whole = model.download_bytes ? bytes(model.download_bytes) : "";
  if (model.installed && model.disk_bytes) return `${bytes(model.disk_bytes)} on disk`;
  if (model.partial_bytes) return `${bytes(model.partial_bytes)} of ${whole || "it"} are here`;
  return whole && `${whole} to download`;
}

function languagesOf(model) {
  const names = [...new Set(model.supported_languages.map(languageName))];
  const rest = names.length - FEW_LANGUAGES;
  return rest > 1 ? `${names.slice(0, FEW_LANGUAGES).join(", ")} and ${rest} more` : names.join(", ");
}

export function placeName(device) {
  if (device === "cpu") return "host memory";
  return device.startsWith("cuda:") ? `GPU ${device.slice(5)}` : device;
}

/** What it takes, and until when; or what it would take. */
function memoryOf(model) {
  const held = Object.entries(model.memory).filter(([, size]) => size)
    .map(([device, size]) => `${bytes(size)} of ${placeName(device)}`).join(", ");
  const left = model.keep_alive_seconds_remaining;
  if (held) return held + (left === null ? "" : `, for ${duration(left)} more if nobody speaks`);
  const wanted = [[model.vram_gb_estimate, "of a GPU"], [model.ram_gb_estimate, "on the processor"]]
    .filter(([size]) => size).map(([size, where]) => `${bytes(size * 1e9)} ${where}`);
  return wanted.length ? `About ${wanted.join(", or ")}` : "";
}
