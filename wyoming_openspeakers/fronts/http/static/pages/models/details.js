/** All that is known of a model, for those who want to know. */
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { toast } from "../../components/toasts.js";
import { languageName } from "../../components/words.js";
import { html } from "../../ui.js";
import { fetchModel, useDeed } from "./deeds.js";

export function Details({ model, canCheck, onClose }) {
  const [isBusy, run] = useDeed();
  const check = async () => {
    await fetchModel(model.id);
    toast(`The files of ${model.name} are being checked; what is damaged is fetched again.`);
    onClose();
  };
  const facts = [
    ["Id", model.id],
    ["Other names", model.aliases.join(", ")],
    ["Engine", model.engine],
    ["Licence of the engine", model.engine_license],
    ["Page", model.url && html`<a href=${model.url} target="_blank" rel="noreferrer">${model.url}</a>`],
    ["Files", model.hf_repo],
    ["Revision", model.revision],
    ["Sample rate", model.sample_rate && `${model.sample_rate.toLocaleString()} Hz`],
    ["Languages", model.supported_languages.map(languageName).join(", ")],
    ["Settings", Object.keys(model.parameters.properties).join(", ")],
  ].filter(([, value]) => value);
  return html`<${Dialog} title=${model.name} onClose=${onClose} footer=${model.hf_repo && canCheck && html`
    <${Button} icon="refresh" isBusy=${isBusy} onClick=${() => run(check)}>Check the files<//>`}>
    <dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
  <//>`;
}
