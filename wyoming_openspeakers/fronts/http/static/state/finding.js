/** Finds voices by words, tag, language and model. */
import { languageName } from "../components/words.js";
import { useMemo } from "../ui.js";
import { useStore } from "./store.js";
import { catalog } from "./voices.js";

export const NO_FILTERS = { search: "", tag: "", language: "", model: "" };

/** Those of the voices that `filters` mean, which have the names of `NO_FILTERS`. */
export function useFound(voices, filters) {
  const { models } = useStore(catalog);
  const known = useMemo(() => voices.map((voice) => ({ voice, text: textOf(voice, models) })), [voices, models]);
  return useMemo(() => {
    const words = filters.search.toLowerCase().split(/\s+/).filter(Boolean);
    const isMeant = ({ voice, text }) => words.every((word) => text.includes(word))
      && ["tag", "language", "model"].every((name) => !filters[name] || valuesOf(voice, name).includes(filters[name]));
    return known.filter(isMeant).map(({ voice }) => voice);
  }, [known, filters]);
}

/** What can be chosen of tags, languages or models, with how often each is there. */
export function useOptions(voices, name, all) {
  const { models } = useStore(catalog);
  return useMemo(() => {
    const nameOf = { language: languageName, model: (id) => models.get(id)?.name }[name];
    const counts = new Map();
    const values = voices.flatMap((voice) => valuesOf(voice, name));
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const options = [...counts].filter(([value]) => value)
      .map(([value, number]) => ({ value, label: `${nameOf?.(value) ?? value} (${number})` }))
      .sort((one, other) => one.label.localeCompare(other.label));
    return [{ value: "", label: all }, ...options];
  }, [voices, name, models]);
}

const valuesOf = (voice, name) => (name === "tag" ? voice.tags : [voice[name]]);

/** Voices of one's own and those of models have the same things under other names. */
const textOf = ({ name, id, full_name, description, label, kind, gender, language, tags, model, model_id }, models) =>
  [name, full_name ?? id, description ?? label, kind, gender, languageName(language),
    models.get(model ?? model_id)?.name, ...tags].join(" ").toLowerCase();
