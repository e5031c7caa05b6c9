/** What people of the hub look at now, to be fetched where that is allowed. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { EmptyState, Failed, Loading } from "../../components/empty-state.js";
import { TextField } from "../../components/fields.js";
import { Card } from "../../components/page-head.js";
import { prose } from "../../components/prose.js";
import { Badge, Note } from "../../components/status.js";
import { ago, bytes, count, languageName } from "../../components/words.js";
import { useLoad } from "../../state/load.js";
import { html, useState } from "../../ui.js";
import { Arriving } from "./arriving.js";
import { Terms } from "./card.js";
import { fetchModel, useDeed } from "./deeds.js";
import { isActive } from "./standing.js";

const HOW = "To fetch one of these, set `hub.on_demand` to `true` in your configuration and start the service again.";

export function Hub({ models, downloads }) {
  const config = useLoad((signal) => api.get("api/system/config", {}, { signal }));
  const [refresh, setRefresh] = useState(0);
  const { data, error, isLoading, reload } = useLoad(
    (signal) => api.get("api/models/trending", refresh ? { refresh: true } : {}, { signal }), [refresh],
  );
  const isAllowed = config.data?.hub.on_demand ?? false;
  const isHere = new Set(models.filter((model) => model.installed).flatMap((model) => [model.id, model.hf_repo]));
  const again = () => (data ? setRefresh(refresh + 1) : reload());
  return html`<div class="stack">
    ${config.data && (isAllowed ? html`<${ByName} />` : html`<${Note}>${prose(HOW)}<//>`)}
    <${Card} title="Trending on the hub" actions=${html`<${Button} icon="refresh" kind="quiet" isBusy=${isLoading}
      onClick=${again}>Look again<//>`}>
      ${data?.problem && html`<${Note} kind="bad">This list is from ${ago(data.asked * 1000)}: ${data.problem}<//>`}
      ${error && html`<${Failed} error=${error} onRetry=${reload} />`}
      ${!data && !error && html`<${Loading} label="Asking the hub" />`}
      ${data && !data.count && html`<${EmptyState} icon="cube" title="Nothing is listed">Look again later.<//>`}
      ${data && html`<ul class="plain-list">${data.models.map((model) => html`<${Listed} key=${model.id} model=${model}
        isAllowed=${isAllowed} isHere=${isHere.has(model.id)} download=${downloads.get(model.id)} />`)}</ul>`}
    <//>
  </div>`;
}

function Listed({ model, isAllowed, isHere, download }) {
  const [isBusy, run] = useDeed();
  const languages = model.languages.slice(0, 3).map(languageName).join(", ");
  const facts = [model.size && bytes(model.size), languages, count(model.likes, "like"),
    `${model.downloads.toLocaleString()} downloads`].filter(Boolean).join(" · ");
  const canFetch = isAllowed && !isHere && model.runs !== false && !isActive(download);
  return html`<li class="listed">
    <div class="listed-head"><div>
      <h3><a href=${model.url} target="_blank" rel="noreferrer">${model.id}</a></h3><p class="soft">${facts}</p>
      <${Terms} model=${model} />
      ${isHere && html` <${Badge} kind="good">Installed<//>`}
      ${!isHere && model.runs === false && html` <${Badge}>Does not run here<//>`}</div>
      ${canFetch && html`<${Button} icon="download" isBusy=${isBusy} onClick=${() => run(() => fetchModel(model.id))}>
        Fetch<span class="unseen"> ${model.id}</span><//>`}</div>
    ${canFetch && model.runs === null && html`<p class="soft">Whether it runs here shows when it is fetched.</p>`}
    ${download && html`<${Arriving} download=${download} />`}
  </li>`;
}

function ByName() {
  const [name, setName] = useState("");
  const [isBusy, run] = useDeed();
  const onSubmit = async (event) => {
    event.preventDefault();
    if (await run(() => fetchModel(name.trim()))) setName("");
  };
  return html`<${Card} title="Fetch by name"><form class="voice-fetch" onSubmit=${onSubmit}>
    <${TextField} label="Model of the hub" placeholder="owner/name" value=${name} autocomplete="off"
      spellcheck=${false} onChange=${setName} />
    <${Button} type="submit" icon="download" kind="main" disabled=${!/^[^/\s]+\/[^/\s]+$/.test(name.trim())}
      isBusy=${isBusy}>Fetch<//></form><//>`;
}
