/** What to list of the history; kept in the address. */
import { SearchField, SelectField } from "../../components/fields.js";
import { go } from "../../router.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html, useEffect, useMemo, useRef, useState } from "../../ui.js";
import { FRONTS, KINDS, STATES } from "./words.js";

export const FILTERS = ["search", "status", "voice", "model", "front", "kind", "since", "until"];

const TYPED = 200;
const WIDE = 760;
const FIRST_DAY = "2000-01-01";
const LAST_DAY = "9999-12-31";

/** What the service is asked: days begin and end where the browser is. */
export const askedOf = ({ since, until, ...filters }) => ({
  ...filters, since: startOf(since), until: startOf(until, 1),
});

/** What is asked for, as it can stand in a sentence. */
export const wordsOf = ({ search, status, voice, model, front, kind, since, until }) => [
  search && `“${search}”`, status && (STATES[status]?.[1] ?? status), kind && (KINDS[kind] ?? kind), voice, model,
  front && (FRONTS[front] ?? front), since && `from ${dateOf(since)}`, until && `to ${dateOf(until)}`,
].filter(Boolean).join(", ");

function startOf(day, later = 0) {
  if (!day) return "";
  const [year, month, date] = day.split("-").map(Number);
  const start = new Date(year, month - 1, date + later);
  return Number.isNaN(start.getTime()) ? day : start.toISOString();
}

const dateOf = (day) => new Date(`${day}T00:00`).toLocaleDateString(undefined, { dateStyle: "medium" });

export function Filters({ filters }) {
  const { voices, models } = useStore(catalog);
  const current = useRef(filters);
  current.current = filters;
  const set = (change, how) => go("jobs", { ...current.current, ...change }, how);
  const { search, voice, model, since, until, ...others } = filters;
  const isFiltered = Boolean(voice || model || since || until || Object.values(others).some(Boolean));
  const choice = (name, label, all, options) => html`<${SelectField} label=${label} isLabelUnseen value=${filters[name]}
    onChange=${(value) => set({ [name]: value })} options=${[{ value: "", label: all }, ...options]} />`;
  const voiceChoice = useMemo(() => choice("voice", "Voice", "All voices", known(voice,
    voices.filter((one) => !model || one.model === model).map((one) => ({
      value: one.id, label: model ? one.name : `${one.name} (${models.get(one.model)?.name ?? one.model})`,
    })))), [voices, models, voice, model]);
  return html`<div class="filters">
    <${Search} key="search" value=${search} onSearch=${(text) => set({ search: text }, { replace: true })} />
    <details class="more" open=${isFiltered || innerWidth > WIDE}>
      <summary>Filters</summary>
      <div class="filter-choices">
        ${choice("status", "State", "Any state", named(STATES, ([, words]) => words))}
        ${choice("kind", "Kind", "All kinds", named(KINDS))}
        ${voiceChoice}
        ${choice("model", "Model", "All models", known(model,
          [...models.values()].map((one) => ({ value: one.id, label: one.name }))))}
        ${choice("front", "Way in", "All ways in", named(FRONTS))}
        <div class="days">
          <${Day} label="From" value=${since}
            onChange=${(day) => set({ since: day, until: until && until < day ? day : until }, { replace: true })} />
          <${Day} label="To" value=${until}
            onChange=${(day) => set({ until: day, since: day && day < since ? day : since }, { replace: true })} />
        </div>
      </div>
    </details>
  </div>`;
}

const named = (names, words = (name) => name) =>
  Object.entries(names).map(([value, name]) => ({ value, label: words(name) }));

/** With what is chosen, also when there is no such thing any more. */
const known = (chosen, options) => (!chosen || options.some((one) => one.value === chosen)
  ? options : [{ value: chosen, label: chosen }, ...options]);

/** What is half typed stays as it is, whatever else is drawn meanwhile, and is not asked for. */
function Day({ label, value, onChange }) {
  const [draft, setDraft] = useState(null);
  const onInput = ({ target }) => {
    setDraft(target.value);
    if (target.validity.valid) onChange(target.value);
  };
  return html`<label class="day"><span>${label}</span><input type="date" min=${FIRST_DAY} max=${LAST_DAY}
    value=${draft ?? value} onInput=${onInput} onBlur=${() => setDraft(null)} /></label>`;
}

/** Asks when somebody has stopped typing. */
function Search({ value, onSearch }) {
  const [text, setText] = useState(value);
  const asked = useRef(value);
  useEffect(() => {
    if (value !== asked.current) setText(value);
    asked.current = value;
  }, [value]);
  useEffect(() => {
    if (text.trim() === asked.current) return undefined;
    const timer = setTimeout(() => {
      asked.current = text.trim();
      onSearch(asked.current);
    }, TYPED);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<${SearchField} label="Search what was said" value=${text} onChange=${setText} maxLength="200" />`;
}
