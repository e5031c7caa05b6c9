/** All voices: one's own as cards, those of the models as a list; found by name, tag, language and model. */
import { Button } from "../../components/button.js";
import { EmptyState } from "../../components/empty-state.js";
import { SearchField, SelectField } from "../../components/fields.js";
import { Card, PageHead } from "../../components/page-head.js";
import { Tabs } from "../../components/tabs.js";
import { useMore } from "../../components/more.js";
import { usePreview } from "../../components/voice-preview.js";
import { count } from "../../components/words.js";
import { go, hrefOf } from "../../router.js";
import { NO_FILTERS, useFound, useOptions } from "../../state/finding.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html, useEffect, useMemo, useRef, useState } from "../../ui.js";
import { GetMaker, useMakers } from "./maker-field.js";
import { BuiltInRow, VoiceCard } from "./voice-card.js";

const SHOWN_AT_ONCE = 30;
const SETTLED = 300;

const LISTS = {
  own: { label: "Search your voices", by: "tag", title: "Tag", all: "All tags", frame: "voice-cards" },
  builtin: {
    label: "Search built-in voices", by: "model", title: "Model", all: "All models", frame: "card voice-rows",
  },
};

export function Gallery({ route, voices }) {
  const { voices: all, models, isLoading } = useStore(catalog);
  const builtIn = useMemo(() => all.filter((voice) => !voice.isOwn), [all]);
  const tab = route.query.get("tab") === "builtin" ? "builtin" : "own";
  const [filters, setFilters] = useFilters(route, tab);
  const preview = usePreview();
  const designers = useMakers("designed");
  const canDesign = designers.ready.length + designers.others.length > 0;
  const tabs = [
    { id: "own", label: `Yours (${voices.length})` }, { id: "builtin", label: `Built in (${builtIn.length})` },
  ];
  const choose = (id) => go("voices", { search: filters.search, tab: id === "own" ? "" : id }, { replace: true });
  const actions = html`<${Button} icon="sliders" onClick=${() => go("voices/preset")}>New preset<//>
    ${canDesign && html`<${Button} icon="pencil" onClick=${() => go("voices/design")}>Design a voice<//>`}
    <${Button} icon="mic" kind="main" onClick=${() => go("voices/clone")}>Clone a voice<//>`;
  const shared = { filters, onFilter: setFilters, models, heard: preview.id };
  const own = voices.length ? html`<${List} key="own" kind="own" voices=${voices} ...${shared}
      draw=${(voice) => html`<${VoiceCard} key=${voice.id} voice=${voice} models=${models} preview=${preview}
        onTag=${(tag) => setFilters({ tag })} />`} />`
    : html`<${Card}><${EmptyState} icon="mic" title="No voices of your own yet"
        action=${html`<div class="row">${actions}</div>`}>
        Clone somebody who agrees to it from half a minute of speech,
        ${canDesign && " describe a voice in words,"} or keep a built-in voice with its speed and pitch under a name of
        its own. Home Assistant shows them all by their names.<//>
      <${GetMaker} kind="cloned" /><//>`;
  const others = builtIn.length ? html`<${List} key="builtin" kind="builtin" voices=${builtIn} ...${shared}
      draw=${(voice) => html`<${BuiltInRow} key=${voice.id} voice=${voice} models=${models} preview=${preview} />`} />`
    : html`<${Card}><${EmptyState} icon="cube" title=${isLoading ? "Looking for voices …" : "No model is installed"}
        action=${html`<a href=${hrefOf("models")}>See the models</a>`}>Voices come with models.<//><//>`;
  return html`<${PageHead} title="Voices" actions=${(voices.length > 0 || tab !== "own") && actions}>
      Who can speak in this house.<//>
    <${Tabs} label="Whose voices" tabs=${tabs} chosen=${tab} onChoose=${choose}>${tab === "own" ? own : others}<//>`;
}

/** The filters at once, and a moment later in the address as well. */
function useFilters(route, tab) {
  const [filters, setFilters] = useState(() => read(route));
  const written = useRef(filters);
  useEffect(() => {
    const told = read(route);
    if (!isSame(told, written.current)) setFilters(told);
    written.current = told;
  }, [route]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (isSame(filters, read(route))) return;
      written.current = filters;
      go("voices", { ...filters, tab: tab === "own" ? "" : tab }, { replace: true });
    }, SETTLED);
    return () => clearTimeout(timer);
  }, [filters, route]);
  return [filters, (change) => setFilters((old) => ({ ...old, ...change }))];
}

const read = (route) => Object.fromEntries(Object.keys(NO_FILTERS).map((name) => [name, route.query.get(name) ?? ""]));
const isSame = (one, other) => Object.keys(NO_FILTERS).every((name) => one[name] === other[name]);

function List({ kind, voices, models, heard, filters, onFilter, draw }) {
  const { label, by, title, all, frame } = LISTS[kind];
  const found = useFound(voices, filters);
  const { shown, more } = useMore(found, SHOWN_AT_ONCE, filters);
  const values = useOptions(voices, by, all);
  const languages = useOptions(voices, "language", "All languages");
  const select = (name, words, options) => html`<${SelectField} label=${words} isLabelUnseen value=${filters[name]}
    options=${options} onChange=${(value) => onFilter({ [name]: value })} />`;
  // What is drawn for a voice stays the same while others come and go, so that typing costs little.
  const drawn = useMemo(() => new Map(), [voices, models, heard]);
  const drawOnce = (voice) => drawn.get(voice) ?? drawn.set(voice, draw(voice)).get(voice);
  return html`<div class="voice-filters">
      <${SearchField} label=${label} value=${filters.search} onChange=${(search) => onFilter({ search })} />
      ${select(by, title, values)}${select("language", "Language", languages)}
    </div>
    <p class="unseen" role="status">${count(found.length, "voice")} found</p>
    ${found.length ? html`<ul class=${frame}>${shown.map(drawOnce)}</ul>`
      : html`<${Card}><${EmptyState} icon="search" title="No such voice"
        action=${html`<${Button} onClick=${() => onFilter(NO_FILTERS)}>Show all<//>`}>
        Nothing matches what you look for.<//><//>`}
    ${more}`;
}
