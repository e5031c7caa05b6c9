/** A model: what it is, how it is, and what can be done about it. */
import { Button, IconButton } from "../../components/button.js";
import { Icon } from "../../components/icon.js";
import { Card } from "../../components/page-head.js";
import { prose, sentence } from "../../components/prose.js";
import { Badge, Note } from "../../components/status.js";
import { ago } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { html, useState } from "../../ui.js";
import { Arriving } from "./arriving.js";
import { fetchModel, load, park, remove, unload, useDeed } from "./deeds.js";
import { Details } from "./details.js";
import { capabilities, factsOf, failureOf, isActive, isAway, problemOf, standing } from "./standing.js";
import { ModelVoices } from "./voices.js";

/** `voices`: those of it that can be used; `downloads`: those of it and its voices. */
export function ModelCard({ model, voices, downloads }) {
  const { kind, icon, text } = standing(model, downloads);
  const failure = failureOf(model);
  const problem = problemOf(model);
  const able = capabilities(model);
  const [isOpen, setIsOpen] = useState(false);
  return html`<${Card} class="model" title=${model.name}
    actions=${html`<span class="model-state"><span role="status"><${Badge} kind=${kind} icon=${icon}>${text}<//></span>
      <${IconButton} icon="info" label=${`All about ${model.name}`} onClick=${() => setIsOpen(true)} /></span>`}>
    ${model.description && html`<p>${model.description}</p>`}
    <dl class="facts">
      <div><dt>Licence</dt><dd><${Terms} model=${model} /></dd></div>
      ${factsOf(model).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
    ${able.length > 0 && html`<ul class="capabilities" aria-label=${`What ${model.name} can do`}>
      ${able.map((one) => html`<li key=${one.text}><${Icon} name=${one.icon} size=${16} />${one.text}</li>`)}</ul>`}
    ${model.gated && isAway(model) && html`<${Gate} model=${model} />`}
    ${failure && html`<${Note} kind="bad">${sentence(failure.error)}
      ${" "}<span class="soft">${ago(failure.time * 1000)}</span><//>`}
    ${problem && html`<${Note} kind="bad">${sentence(problem)}<//>`}
    ${downloads.map((one) => html`<${Arriving} key=${one.name} download=${one} />`)}
    <${Actions} model=${model} voices=${voices} downloads=${downloads} />
    ${isOpen && html`<${Details} model=${model} onClose=${() => setIsOpen(false)}
      canCheck=${model.installed && !model.downloads_by_voice} />`}
  <//>`;
}

/** The licence, with what it forbids and what it asks for said plainly. */
export const Terms = ({ model }) => html`<span class="terms">${model.license}
  ${model.non_commercial && html`<${Badge} kind="bad">Non-commercial<//>`}
  ${model.gated && html`<${Badge} kind="busy" icon="key">Wants an account<//>`}</span>`;

const Gate = ({ model }) => html`<${Note}>Its makers want to know who has it. Accept the terms on
  ${" "}${model.url ? html`<a href=${model.url} target="_blank" rel="noreferrer">its page</a>` : "its page on the hub"}
  ${" "}with an account of yours, put a token of that account into ${prose("`hub.token` or `HF_TOKEN`")}, start the
  service again, and download it.<//>`;

function Actions({ model, voices, downloads }) {
  const [isBusy, run] = useDeed();
  const [isOpen, setIsOpen] = useState(false);
  const { name, status } = model;
  const isArriving = downloads.some(isActive);
  // What takes the place of another thing keeps its key, and with it the focus.
  const action = (key, words, icon, deed, kind) => html`<${Button} key=${key} icon=${icon} kind=${kind}
    isBusy=${isBusy || isArriving || status.endsWith("ing")} onClick=${() => run(deed)}>
    ${words}<span class="unseen"> ${name}</span><//>`;
  return html`<div class="row model-actions">
    ${model.downloads_by_voice && html`<${Button} icon="mic" kind=${model.installed ? "plain" : "main"}
      onClick=${() => setIsOpen(true)}>Voices<span class="unseen"> of ${name}</span><//>`}
    ${!model.downloads_by_voice && !model.installed && model.hf_repo
      && action("main", model.partial_bytes ? "Go on" : "Download", "download", () => fetchModel(model.id), "main")}
    ${model.installed && html`<a class="button is-plain" href=${hrefOf("speak", {
      voice: model.default_voice && `${model.id}/${model.default_voice}` })}><${Icon} name="bars" />
      <span>Speak<span class="unseen"> with ${name}</span></span></a>`}
    ${status === "resident" ? action("main", "Unload", "stop", () => unload(model))
      : model.installed && action("main", "Load", "play", () => load(model))}
    ${status === "resident" && model.device !== "cpu" && action("park", "Park", "pause", () => park(model))}
    ${status === "parked" && action("unload", "Unload", "stop", () => unload(model))}
    ${model.hf_repo && model.disk_bytes > 0 && !isArriving && html`<${IconButton} icon="trash" class="is-last"
      label=${`Delete ${name}`} disabled=${isBusy} onClick=${() => run(() => remove(model))} />`}
    ${isOpen && html`<${ModelVoices} model=${model} voices=${voices} downloads=${downloads}
      onClose=${() => setIsOpen(false)} />`}
  </div>`;
}
