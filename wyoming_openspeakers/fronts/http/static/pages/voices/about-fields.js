/** What a voice is called and found by. */
import { SelectField, TextField } from "../../components/fields.js";
import { TagField } from "../../components/tag-field.js";
import { languageName } from "../../components/words.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html, useMemo } from "../../ui.js";

/** `values`: `{name, description, language, tags}`; `onChange` gets all of them; `errors` by name. */
export function AboutFields({ values, onChange, errors = {} }) {
  const field = (name) =>
    ({ value: values[name], error: errors[name], onChange: (value) => onChange({ [name]: value }) });
  return html`
    <${TextField} label="Name" hint="Home Assistant shows it, and automations ask for it." maxLength=${60}
      autocomplete="off" ...${field("name")} />
    <${SelectField} label="Language" options=${useLanguages(values.language)} ...${field("language")} />
    <${TagField} label="Tags" hint="Enter or a comma ends one." ...${field("tags")} />
    <${TextField} label="Description" maxLength=${1000} ...${field("description")} />`;
}

/** All that some model here speaks, and what is chosen already. */
function useLanguages(chosen) {
  const { models } = useStore(catalog);
  return useMemo(() => {
    const spoken = [...models.values()].flatMap((model) => model.supported_languages);
    const options = [...new Set([...spoken, chosen])].filter(Boolean)
      .map((tag) => ({ value: tag, label: languageName(tag) }))
      .sort((one, other) => one.label.localeCompare(other.label));
    return [{ value: "", label: "What its model speaks" }, ...options];
  }, [models, chosen]);
}

export const NEW_VOICE = { name: "", description: "", language: "", tags: [] };
