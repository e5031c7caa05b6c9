/** Which models are shown: by words, by what they are or can do, by language. */
import { SearchField, SelectField } from "../../components/fields.js";
import { languageName } from "../../components/words.js";
import { classes, html } from "../../ui.js";
import { capabilities } from "./standing.js";

const KINDS = [
  { id: "", label: "All", isMeant: () => true },
  { id: "installed", label: "Installed", isMeant: (model) => model.installed },
  { id: "loaded", label: "Loaded", isMeant: (model) => model.status === "resident" || model.status === "parked" },
  { id: "missing", label: "Not installed", isMeant: (model) => !model.installed },
  { id: "cloning", label: "Clone voices", isMeant: (model) => model.supports_voice_cloning },
];

const base = (tag) => tag.split(/[-_]/)[0];

/** `{search, show, language}` of the page's address. */
export const filtersOf = (query) =>
  Object.fromEntries(["search", "show", "language"].map((name) => [name, query.get(name) ?? ""]));

export function filtered(models, { search, show, language }) {
  const kind = KINDS.find((one) => one.id === show) ?? KINDS[0];
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => {
    if (!kind.isMeant(model)) return false;
    if (language && !model.supported_languages.some((tag) => base(tag) === language)) return false;
    const texts = [model.id, model.name, model.description, model.license, model.engine, ...model.aliases,
      ...model.supported_languages.map(languageName), ...capabilities(model).map((one) => one.text)];
    const text = texts.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function Filters({ models, filters, onChange }) {
  const languages = [...new Set(models.flatMap((model) => model.supported_languages.map(base)))]
    .map((value) => ({ value, label: languageName(value) })).sort((a, b) => a.label.localeCompare(b.label));
  return html`<div class="model-filters">
    <${SearchField} label="Search models" value=${filters.search} onChange=${(search) => onChange({ search })} />
    <${SelectField} label="Language" isLabelUnseen value=${filters.language}
      onChange=${(language) => onChange({ language })}
      options=${[{ value: "", label: "All languages" }, ...languages]} />
    <div class="row" role="group" aria-label="Which models">${KINDS.map((kind) => html`<button key=${kind.id}
      type="button" class=${classes("chip", kind.id === filters.show && "is-chosen")}
      aria-pressed=${kind.id === filters.show ? "true" : "false"} onClick=${() => onChange({ show: kind.id })}>
      ${kind.label}</button>`)}</div>
  </div>`;
}
