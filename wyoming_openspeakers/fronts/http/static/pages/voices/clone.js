/** Makes a voice like that of somebody who agrees to it, from recordings. */
import { Button } from "../../components/button.js";
import { Checkbox } from "../../components/checkbox.js";
import { SelectField } from "../../components/fields.js";
import { Card, PageHead } from "../../components/page-head.js";
import { toast } from "../../components/toasts.js";
import { go } from "../../router.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { AboutFields, NEW_VOICE } from "./about-fields.js";
import { Problem, errorsOf, needsWords, useDeed } from "./deed.js";
import { GetCloner } from "./get-cloner.js";
import { useCloners } from "./own-voices.js";
import { RecordingDrafts } from "./recording-drafts.js";
import { Sending, sendVoice } from "./sending.js";
import { BackLink } from "./voice-card.js";

export function CloneForm({ onMade }) {
  const [values, setValues] = useState({ ...NEW_VOICE, model: "", isAgreed: false });
  const [drafts, setDrafts] = useState([]);
  const [isTried, setIsTried] = useState(false);
  const [sent, setSent] = useState(0);
  const { isBusy, error, run } = useDeed();
  const { ready, others } = useCloners();
  const form = useRef(null);
  const abort = useRef(null);
  const set = (change) => setValues((old) => ({ ...old, ...change }));
  useEffect(() => () => abort.current?.abort(), []);

  const missing = missingIn(values, drafts);
  const shown = isTried ? missing : {};
  const submit = (event) => {
    event.preventDefault();
    setIsTried(true);
    if (Object.keys(missing).length) {
      const first = missing.drafts ? ".drop input, .recorder .button" : "[aria-invalid]";
      setTimeout(() => form.current.querySelector(first)?.focus());
      return;
    }
    abort.current = new AbortController();
    setSent(0);
    run(async () => {
      const made = await sendVoice(values, drafts, { onProgress: setSent, signal: abort.current.signal });
      toast(`${made.name} is there`, { kind: "good" });
      onMade();
      go(`voices/of/${made.id}`);
    });
  };
  return html`<${BackLink} /><${PageHead} title="Clone a voice">
    Half a minute of clear speech is enough. It stays on this machine.<//>
    <form class="columns voice-form" ref=${form} onSubmit=${submit} novalidate>
      <div><${Card} title="Recordings">
        <${RecordingDrafts} drafts=${drafts} onChange=${setDrafts} needsWords=${needsWords(error)} />
        <${Problem}>${shown.drafts}<//><//></div>
      <div><${Card} title="About the voice"><div class="stack">
        <${AboutFields} values=${values} onChange=${set} errors=${{ ...errorsOf(error), ...shown }} />
        ${ready.length + others.length > 1 && html`<${SelectField} label="Model" value=${values.model}
          onChange=${(model) => set({ model })} options=${[{ value: "", label: "The first that can" },
            ...ready.map(({ id, name }) => ({ value: id, label: name })),
            ...others.map(({ id, name }) => ({ value: id, label: `${name}, not installed yet` }))]} />`}
        ${!ready.length && html`<${GetCloner} />`}
        <${Checkbox} value=${values.isAgreed} error=${shown.isAgreed} onChange=${(isAgreed) => set({ isAgreed })}>
          The person whose voice this is agrees that it is cloned here.<//>
        <${Problem} error=${error} />
        ${isBusy
          ? html`<${Sending} sent=${sent} />
            <div class="row is-end"><${Button} onClick=${() => abort.current.abort()}>Cancel<//></div>`
          : html`<div class="row is-end"><${Button} kind="main" type="submit" icon="mic">Make the voice<//></div>`}
      </div><//></div>
    </form>`;
}

function missingIn({ name, isAgreed }, drafts) {
  const found = {};
  if (!drafts.length) found.drafts = "A clone needs at least one recording.";
  else if (drafts.some((draft) => draft.found?.kind === "bad")) {
    found.drafts = "Remove the recordings that are of no use, or make them again.";
  }
  if (!name.trim()) found.name = "The voice needs a name.";
  if (!isAgreed) found.isAgreed = "Nobody may be cloned against their will: this must be ticked.";
  return found;
}
