/** The voices and models that can be used now, fresh whenever they change. */
import { api, isAbort } from "../api.js";
import { listen } from "../live.js";
import { Store } from "./store.js";

/** Milliseconds: soon, and once more, as the service itself looks for voices no more than once a second. */
const SETTLED = [400, 2000];

/** `{voices, models, error, isLoading}`; `voices` have `id, name, label, model, language, gender, isOwn`. */
export const catalog = new Store({ voices: [], models: new Map(), error: null, isLoading: true });

let timers = [];
let isAsked = false;

/** Asks for them, and from then on again when something about them happens. */
export function loadCatalog() {
  if (isAsked) return;
  isAsked = true;
  refresh();
  listen((event) => {
    const isOver = event.type === "download_changed" && event.data.state === "complete";
    if (!(isOver || event.type === "voices_changed" || event.type === "snapshot")) return;
    timers.forEach(clearTimeout);
    timers = SETTLED.map((wait) => setTimeout(refresh, wait));
  });
}

export async function refresh() {
  try {
    const [listed, models, own] = await Promise.all([
      api.get("v1/audio/voices"), api.get("api/models"), api.get("api/voices"),
    ]);
    const owned = new Map(own.voices.map((voice) => [voice.full_name, voice]));
    catalog.set({
      voices: listed.voices.filter(isReal).map((voice) => shown(voice, owned.get(voice.id))),
      models: new Map(models.map((model) => [model.id, model])),
      error: null,
      isLoading: false,
    });
  } catch (error) {
    if (!isAbort(error)) catalog.update((old) => ({ ...old, error, isLoading: false }));
  }
}

/** The list has the names of other services too, which stand for voices that are in it already. */
const isReal = (voice) => voice.id.startsWith(`${voice.model}/`);

function shown(voice, own) {
  const short = voice.id.slice(voice.model.length + 1);
  return {
    id: voice.id,
    name: own?.name ?? short,
    label: own?.description || voice.name,
    model: voice.model,
    language: voice.language ?? "",
    gender: voice.gender ?? "",
    isOwn: Boolean(own),
    tags: own?.tags ?? [],
  };
}
