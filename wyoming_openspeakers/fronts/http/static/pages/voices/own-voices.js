/** The voices that people made here, always fresh; and the models that can make more. */
import { api } from "../../api.js";
import { languageName } from "../../components/words.js";
import { useEvents } from "../../live.js";
import { useLoad } from "../../state/load.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { useEffect, useMemo, useRef } from "../../ui.js";

const SETTLED = 200;

const KINDS = { cloned: "Cloned", preset: "Preset", designed: "Designed" };

/** `{voices, error, reload}`; `voices` is null until they are known. */
export function useOwnVoices() {
  const { data, error, reload } = useLoad((signal) => api.get("api/voices", {}, { signal }));
  const timer = useRef(0);
  useEvents(["voices_changed", "snapshot"], () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(reload, SETTLED);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return { voices: data?.voices ?? null, error, reload };
}

/** `{ready, others}`: models that speak like a recording, and those that could if they were installed. */
export function useCloners() {
  const { models } = useStore(catalog);
  return useMemo(() => {
    const able = [...models.values()].filter((model) => model.supports_voice_cloning);
    return { ready: able.filter((model) => model.installed), others: able.filter((model) => !model.installed) };
  }, [models]);
}

/** What it is, in a line: `Cloned · German · Chatterbox`. */
export const aboutVoice = (voice, models) => [
  KINDS[voice.kind], voice.language && languageName(voice.language), models.get(voice.model_id)?.name ?? voice.model_id,
].filter(Boolean).join(" · ");

/** As lists of voices that can be heard have it. */
export const asHeard = (voice) => (
  { id: voice.full_name ?? voice.id, name: voice.name, model: voice.model_id, language: voice.language }
);
