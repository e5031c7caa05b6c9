/** What is known of a voice, and how it speaks: a form, or only words for what the configuration says. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { NumberField, TextField } from "../../components/fields.js";
import { toast } from "../../components/toasts.js";
import { languageName } from "../../components/words.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html, useState } from "../../ui.js";
import { AboutFields } from "./about-fields.js";
import { Problem, errorsOf, useDeed } from "./deed.js";

export function Details({ voice, onChange }) {
  const { models } = useStore(catalog);
  const { name, description, language, tags, style, design } = voice;
  const before = { name, description, language, tags, design, style: { ...style } };
  const [values, setValues] = useState(before);
  const { isBusy, error, run } = useDeed();
  if (voice.read_only) return html`<${Facts} voice=${voice} />`;

  const changes = Object.fromEntries(Object.entries(values)
    .filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field])));
  const isChanged = Object.keys(changes).length > 0;
  const set = (change) => setValues((old) => ({ ...old, ...change }));
  const submit = (event) => {
    event.preventDefault();
    run(async () => {
      const saved = await api.patch(`api/voices/${voice.id}`, changes);
      toast(`${saved.name} is saved`, { kind: "good" });
      onChange();
    });
  };
  return html`<form class="stack" onSubmit=${submit}>
    <${AboutFields} values=${values} onChange=${set} errors=${errorsOf(error)} />
    ${voice.kind === "designed" && html`<${TextField} label="How it sounds" rows=${3} maxLength=${1000}
      value=${values.design} onChange=${(words) => set({ design: words })} />`}
    <${StyleFields} style=${values.style} model=${models.get(voice.model_id)}
      onChange=${(next) => set({ style: next })} />
    <${Problem} error=${error} />
    <div class="row is-end">
      ${isChanged && html`<${Button} kind="quiet" onClick=${() => setValues(before)}>As it was<//>`}
      <${Button} kind="main" type="submit" isBusy=${isBusy} disabled=${!isChanged || !values.name.trim()}>Save<//>
    </div>
  </form>`;
}

export const PLAIN_STYLE = { speed: 1, pitch: 0, instructions: "" };

/** How it speaks where a request does not say. */
export function StyleFields({ style, model, onChange }) {
  const field = (name) => ({ value: style[name], onChange: (value) => onChange({ ...style, [name]: value }) });
  return html`
    <${NumberField} label="Speed" hint="Times as fast." min=${0.25} max=${4} step=${0.05} ...${field("speed")} />
    <${NumberField} label="Pitch" hint="Semitones up or down." min=${-12} max=${12} step=${0.5} ...${field("pitch")} />
    ${(model?.supports_instructions || style.instructions) && html`<${TextField} label="Instructions"
      hint="How to speak, in words." rows=${2} maxLength=${1000} ...${field("instructions")} />`}`;
}

function Facts({ voice }) {
  const { style } = voice;
  const facts = [
    ["Speaks with", voice.voice], ["Language", voice.language && languageName(voice.language)],
    ["Speed", `${style.speed}×`], ["Pitch", style.pitch && `${style.pitch} semitones`],
    ["Instructions", style.instructions], ["Description", voice.description], ["Tags", voice.tags.join(", ")],
  ].filter(([, value]) => value);
  return html`<dl class="facts">${facts.map(([label, value]) => html`<div key=${label}>
    <dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}
