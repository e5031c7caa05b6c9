/** How a voice speaks: speed, the engine's own parameters, language and chance. */
import { IconButton } from "../../components/button.js";
import { SelectField, TextField } from "../../components/fields.js";
import { SchemaForm } from "../../components/schema-form.js";
import { Note } from "../../components/status.js";
import { VoiceChoice } from "../../components/voice-picker.js";
import { languageName } from "../../components/words.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html } from "../../ui.js";

const COMMON = ["speed", "pitch", "instructions"];
const MOST_SEED = 2 ** 32;

/** What can be set where the service chooses the voice. */
const ANY_VOICE = {
  type: "object",
  properties: { speed: { type: "number", minimum: 0.5, maximum: 2, default: 1 } },
};

/** The schema of a choice's model; undefined while it is not known. */
export const schemaOf = (choice, models) => (choice.voice ? models.get(choice.voice.model)?.parameters : ANY_VOICE);

/** `choice`: `{voice, values, language, seed}`; where one `mustChoose`, there is no automatic voice. */
export function Settings({ label, choice, mustChoose = false, onChange }) {
  const { models } = useStore(catalog);
  const model = choice.voice && models.get(choice.voice.model);
  const schema = schemaOf(choice, models);
  const set = (change) => onChange({ ...choice, ...change });
  const onVoice = (voice) => {
    const isSameModel = voice?.model === choice.voice?.model;
    set({ voice, values: isSameModel ? choice.values : {}, language: isSameModel ? choice.language : "" });
  };
  const own = Object.keys(schema?.properties ?? {}).filter((name) => !COMMON.includes(name));
  const languages = model?.supported_languages ?? [];
  return html`<div class="stack">
    <${VoiceChoice} label=${label} voice=${choice.voice} mustChoose=${mustChoose} onChoose=${onVoice} />
    ${model?.problem && html`<${Note} kind="bad">${model.problem}<//>`}
    ${schema && html`<${SchemaForm} key=${choice.voice?.model} schema=${schema} values=${choice.values} leaveOut=${own}
      onChange=${(values) => set({ values })} />`}
    <details class="more">
      <summary>More settings${own.length > 0 && html` <span class="soft">of ${model.name}</span>`}</summary>
      <div class="stack">
        ${own.length > 0 && html`<${SchemaForm} key=${choice.voice.model} schema=${schema} values=${choice.values}
          leaveOut=${COMMON} onChange=${(values) => set({ values })} />`}
        ${languages.length > 1 && html`<${SelectField} label="Language of the text" value=${choice.language}
          onChange=${(language) => set({ language })} options=${[{ value: "", label: "Found out from the text" },
            ...languages.map((tag) => ({ value: tag, label: languageName(tag) }))]} />`}
        <${TextField} label="Seed" hint="The same number makes the same request sound the same." inputmode="numeric"
          value=${choice.seed} onChange=${(seed) => /^\d*$/.test(seed) && set({ seed })}
          aside=${html`<${IconButton} icon="refresh" size=${16} label="Another seed"
            onClick=${() => set({ seed: String(Math.floor(Math.random() * MOST_SEED)) })} />`} />
      </div>
    </details>
  </div>`;
}
