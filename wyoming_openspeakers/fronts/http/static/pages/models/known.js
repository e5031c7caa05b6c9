/** All models and downloads as they are now, while a page shows them. */
import { api } from "../../api.js";
import { useEvents } from "../../live.js";
import { useLoad } from "../../state/load.js";
import { useEffect, useRef, useState } from "../../ui.js";
import { isActive } from "./standing.js";

const EVERY = 10;
const SETTLED = 200;

/**
 * `{models, downloads, error, reload}`; `models` is null until they are there, `downloads` go by their names.
 * `onArrival(name)` is told when one is complete.
 */
export function useKnown(onArrival) {
  const { data, error, reload } = useLoad(async (signal) => {
    const [models, { downloads, ended }] = await Promise.all([
      api.get("api/models", {}, { signal }), api.get("api/downloads", {}, { signal }),
    ]);
    return { models, downloads: [...ended.reverse(), ...downloads] };
  }, [], { every: EVERY });
  // Events are newer than an answer that was on its way meanwhile.
  const [heard, setHeard] = useState(new Map());
  const downloads = new Map([...(data?.downloads ?? []).map((one) => [one.name, one]), ...heard]);
  const current = useRef(null);
  current.current = downloads;
  const timer = useRef(0);
  const renew = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(reload, SETTLED);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents(["model_state_changed", "voices_changed"], renew);
  useEvents(["snapshot"], ({ data: told }) => {
    setHeard(new Map(told.downloads.map((one) => [one.name, one])));
    renew();
  });
  useEvents(["download_changed"], ({ data: told }) => {
    // What was missed is told again, and may be long over.
    const wasActive = isActive(current.current.get(told.name));
    setHeard((old) => new Map(old).set(told.name, told));
    if (isActive(told)) return;
    renew();
    if (wasActive && told.state === "complete") onArrival(told.name);
  });
  return { models: data?.models ?? null, downloads, error, reload };
}

/** The downloads of each model, and under "" those of models that are in no list yet. */
export function byModel(models, downloads) {
  const found = new Map(["", ...models.map((model) => model.id)].map((id) => [id, []]));
  for (const download of downloads.values()) {
    const parts = download.name.split("/");
    const names = parts.map((_, at) => parts.slice(0, parts.length - at).join("/"));
    found.get(names.find((name) => found.has(name)) ?? "").push(download);
  }
  return found;
}
