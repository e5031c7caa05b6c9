/** What went wrong lately, from the moment the console was opened and from what the service remembers. */
import { listen } from "../live.js";
import { Store } from "./store.js";

const MOST = 50;

/** `{time, title, text, page}`, the newest first; `page` is where something can be done about it. */
export const problems = new Store([]);

/** Begins to collect them. */
export function watchProblems() {
  listen((event) => {
    const problem = problemOf(event);
    if (!problem) return;
    const found = { time: event.time * 1000, ...problem };
    problems.update((old) => [found, ...old.filter((other) => !isSame(other, found))].slice(0, MOST));
  });
}

const isSame = (one, other) => one.time === other.time && one.title === other.title && one.text === other.text;

function problemOf({ type, data }) {
  const ofModel = (title) => data.state === "failed" && { title, text: data.error, page: "models" };
  switch (type) {
    case "model_state_changed":
      return ofModel(`${data.model} could not be loaded`);
    case "download_changed":
      return ofModel(`${data.name} could not be fetched`);
    case "worker_exited":
      return !data.expected && {
        title: `The process ${data.worker} ended`,
        text: `${data.reason}. It is started again when it is needed; what it was saying has failed.`,
        page: "",
      };
    case "speech_ended":
      return data.error && { title: `${data.voice ?? "A voice"} could not speak`, text: data.error, page: "jobs" };
    default:
      return null;
  }
}
