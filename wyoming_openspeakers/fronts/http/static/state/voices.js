/** The voices and models that can be used now, fresh whenever they change. */
import { api, isAbort } from "../api.js";
import { listen } from "../live.js";
import { Store } from "./store.js";

/** Milliseconds in which several changes are one. */
const SETTLED = 100;

/**
 * `{voices, own, models, error, isLoading}`: `voices` are all that can speak, with `id, name, label, model, language,
 * gender, isOwn, tags`; `own` those that people made here, as the service tells of them, whether they can speak or not.
 */
export const catalog = new Store({ voices: [], own: [], models: new Map(), error: null, isLoading: true });

let timer = 0;
let isAsked = false;

/** Asks for them, and from then on again when something about them happens. */
export function loadCatalog() {
  if (isAsked) return;
  isAsked = true;
  refresh();
  listen((event) => {
    if (event.type !== "voices_changed" && event.type !== "snapshot") return;
    clearTimeout(timer);
    timer = setTimeout(refresh, SETTLED);
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
      own: own.voices,
      models: new Map(models.map((model) => [model.id, model])),
      error: null,
      isLoading: false,
    });
  } catch (error) {
    if (!isAbort(error)) catalog.update((old) => ({ ...old, error, isLoading: false }));
  }
}

/** One of `own` as one of `voices`, as far as it takes to hear it. */
export const asHeard = (voice) => (
  { id: voice.full_name ?? voice.id, name: voice.name, model: voice.model_id, language: voice.language }
);

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
