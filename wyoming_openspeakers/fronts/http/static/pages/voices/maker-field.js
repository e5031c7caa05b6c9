/** Which model makes a voice; and which to get where none that can is installed. */
import { SelectField } from "../../components/fields.js";
import { Note } from "../../components/status.js";
import { bytes } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html, useMemo } from "../../ui.js";

/** What a model must be able to do for each kind of voice, and how that is called. */
const ABILITIES = {
  cloned: ["supports_voice_cloning", "speak like a recording", "clones"],
  designed: ["supports_voice_design", "make a voice of a description", "makes voices of descriptions"],
};

/** `{ready, others}`: models that can make such a voice, and those that could if they were installed. */
export function useMakers(kind) {
  const { models } = useStore(catalog);
  return useMemo(() => {
    const able = [...models.values()].filter((model) => model[ABILITIES[kind][0]]);
    return { ready: able.filter((model) => model.installed), others: able.filter((model) => !model.installed) };
  }, [models, kind]);
}

/** `kind`: cloned or designed. `value` is empty for the first that can. */
export function MakerField({ kind, value, onChange }) {
  const { ready, others } = useMakers(kind);
  return html`
    ${ready.length + others.length > 1 && html`<${SelectField} label="Model" value=${value} onChange=${onChange}
      options=${[{ value: "", label: "The first that can" },
        ...ready.map(({ id, name }) => ({ value: id, label: name })),
        ...others.map(({ id, name }) => ({ value: id, label: `${name}, not installed yet` }))]} />`}
    <${GetMaker} kind=${kind} />`;
}

/** Nothing where one is installed. */
export function GetMaker({ kind }) {
  const { ready, others } = useMakers(kind);
  const [, able, does] = ABILITIES[kind];
  const models = html`<a href=${hrefOf("models")}>Models</a>`;
  if (ready.length) return null;
  if (!others.length) {
    return html`<${Note}>None of the models here can ${able}. Those that can need an entry in
      ${" "}<code>models.yaml</code>; ${models} shows which there are.<//>`;
  }
  return html`<${Note}>No model that ${does} is installed yet. Under ${models} you can get
    ${" "}${others.map((model, at) => html`${at > 0 && ", "}<strong>${model.name}</strong>
      ${model.download_bytes > 0 && ` (${bytes(model.download_bytes)})`}`)}. A voice that you make now speaks as soon
    as its model is there.<//>`;
}
