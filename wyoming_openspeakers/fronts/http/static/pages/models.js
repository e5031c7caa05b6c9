/** Models: what speaks here, who holds how much memory, and what else there is to fetch. */
import { Button } from "../components/button.js";
import { EmptyState, Failed, Loading } from "../components/empty-state.js";
import { Card, PageHead } from "../components/page-head.js";
import { Tabs } from "../components/tabs.js";
import { toast } from "../components/toasts.js";
import { count } from "../components/words.js";
import { go } from "../router.js";
import { useStore } from "../state/store.js";
import { catalog } from "../state/voices.js";
import { html, useRef } from "../ui.js";
import { Arriving } from "./models/arriving.js";
import { ModelCard } from "./models/card.js";
import { Filters, filtered, filtersOf } from "./models/filters.js";
import { Hub } from "./models/hub.js";
import { byModel, useKnown } from "./models/known.js";
import { MemoryBars } from "./models/memory.js";
import { isActive } from "./models/standing.js";

const TABS = [{ id: "", label: "Yours" }, { id: "hub", label: "On the hub" }];

/** `#/models?show=loaded&language=de&search=piper`, or `?view=hub`. */
export function Models({ route }) {
  const latest = useRef(null);
  const { models, downloads, error, reload } = useKnown((name) => {
    const action = { label: "Speak", onClick: () => speakWith(name, latest.current) };
    toast(`${name} is here.`, { kind: "good", action });
  });
  latest.current = models;
  const view = route.query.get("view") ?? "";
  if (!models) return html`<${PageHead} title="Models" />
    ${error ? html`<${Failed} error=${error} onRetry=${reload} />` : html`<${Loading} />`}`;
  return html`<${PageHead} title="Models">What speaks here, and what it takes.<//>
    <div class="stack">
      <${MemoryBars} models=${models} />
      <${Tabs} label="Models" tabs=${TABS} chosen=${view} onChoose=${(next) => go("models", { view: next })}>
        ${view === "hub" ? html`<${Hub} models=${models} downloads=${downloads} />`
          : html`<${Yours} models=${models} downloads=${downloads} query=${route.query} />`}
      <//>
    </div>`;
}

function Yours({ models, downloads, query }) {
  const { voices } = useStore(catalog);
  const filters = filtersOf(query);
  const change = (changes) => go("models", { ...filters, ...changes }, { replace: true });
  const shown = filtered(models, filters);
  const grouped = byModel(models, downloads);
  const others = grouped.get("").filter(isActive);
  return html`<div class="stack">
    <${Filters} models=${models} filters=${filters} onChange=${change} />
    <p class="unseen" role="status">${count(shown.length, "model")} shown</p>
    ${others.length > 0 && html`<${Card} title="On their way">${others.map((one) => html`<${Arriving} key=${one.name}
      download=${one} />`)}<//>`}
    <div class="grid models">${shown.map((model) => html`<${ModelCard} key=${model.id} model=${model}
      voices=${voices.filter((voice) => voice.model === model.id && !voice.isOwn)}
      downloads=${grouped.get(model.id)} />`)}</div>
    ${!shown.length && html`<${Card}>${models.length
      ? html`<${EmptyState} icon="search" title="No such model" action=${html`<${Button}
          onClick=${() => go("models", {}, { replace: true })}>Show all<//>`}>Try another word, or all languages.<//>`
      : html`<${EmptyState} icon="cube" title="No models">Your models file takes all of them away.<//>`}<//>`}
  </div>`;
}

/** With a voice that has come, or with the default voice of a model. */
function speakWith(name, models) {
  const model = models.find((one) => one.id === name);
  go("speak", { voice: model ? model.default_voice && `${name}/${model.default_voice}` : name });
}
