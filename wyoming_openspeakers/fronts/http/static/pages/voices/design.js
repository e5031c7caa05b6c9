/** Makes a voice that nobody has, from a description in words. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { TextField } from "../../components/fields.js";
import { Card, PageHead } from "../../components/page-head.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html, useState } from "../../ui.js";
import { AboutFields, NEW_VOICE } from "./about-fields.js";
import { Problem } from "./deed.js";
import { PLAIN_STYLE, StyleFields } from "./details.js";
import { MakerField, useMakers } from "./maker-field.js";
import { useMaking } from "./making.js";
import { BackLink } from "./voice-card.js";

const IDEAS = [
  ["A grandmother", "An old woman with a warm, slightly hoarse voice, who takes her time and smiles while she speaks."],
  ["A newsreader", "A man of about forty with a deep, calm and very clear voice, matter-of-fact and unhurried."],
  ["A robot", "A bright, small voice of no age, a little mechanical, curious and always in a good mood."],
];

export function DesignForm({ onMade }) {
  const { models } = useStore(catalog);
  const [values, setValues] = useState({ ...NEW_VOICE, design: "", style: PLAIN_STYLE, model: "" });
  const set = (change) => setValues((old) => ({ ...old, ...change }));
  const maker = useMakers("designed").ready.find(({ id }) => !values.model || id === values.model);
  const missing = {};
  if (!values.design.trim()) missing.design = "Say in words how the voice shall sound.";
  if (!values.name.trim()) missing.name = "The voice needs a name.";
  const { model, ...others } = values;
  const make = () => api.post("api/voices", { ...others, kind: "designed", model_id: model });
  const { submit, isBusy, error, errors } = useMaking({ missing, make, onMade });
  return html`<${BackLink} /><${PageHead} title="Design a voice">
    Describe a voice that nobody has. You can hear it, and change the words, as soon as it is made.<//>
    <form class="columns" onSubmit=${submit} novalidate>
      <div><${Card} title="How it sounds"><div class="stack">
        <${TextField} label="Description of the voice" rows=${4} maxLength=${1000} value=${values.design}
          hint="Age, pitch, pace, mood, accent: whatever one could hear." error=${errors.design}
          onChange=${(design) => set({ design })} />
        ${!values.design && html`<div class="row"><span class="soft">Try</span>${IDEAS.map(([label, design]) => html`
          <button key=${label} type="button" class="chip" onClick=${() => set({ design })}>${label}</button>`)}</div>`}
        <${MakerField} kind="designed" value=${model} onChange=${(chosen) => set({ model: chosen })} />
        <${StyleFields} style=${values.style} model=${models.get(maker?.id)} onChange=${(style) => set({ style })} />
      </div><//></div>
      <div><${Card} title="About the voice"><div class="stack">
        <${AboutFields} values=${values} onChange=${set} errors=${errors} />
        <${Problem} error=${error} />
        <div class="row is-end"><${Button} kind="main" type="submit" isBusy=${isBusy}>Make the voice<//></div>
      </div><//></div>
    </form>`;
}
