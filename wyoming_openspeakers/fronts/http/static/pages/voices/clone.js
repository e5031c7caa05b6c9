/** Makes a voice like that of somebody who agrees to it, from recordings. */
import { Button } from "../../components/button.js";
import { Checkbox } from "../../components/checkbox.js";
import { Card, PageHead } from "../../components/page-head.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { AboutFields, NEW_VOICE } from "./about-fields.js";
import { Problem, needsWords } from "./deed.js";
import { MakerField } from "./maker-field.js";
import { useMaking } from "./making.js";
import { RecordingDrafts } from "./recording-drafts.js";
import { Sending, sendVoice } from "./sending.js";
import { BackLink } from "./voice-card.js";

const PLACES = { drafts: ".drop input, .recorder .button" };

export function CloneForm({ onMade }) {
  const [values, setValues] = useState({ ...NEW_VOICE, model: "", isAgreed: false });
  const [drafts, setDrafts] = useState([]);
  const [sent, setSent] = useState(0);
  const abort = useRef(null);
  const set = (change) => setValues((old) => ({ ...old, ...change }));
  useEffect(() => () => abort.current?.abort(), []);

  const make = () => {
    abort.current = new AbortController();
    setSent(0);
    return sendVoice(values, drafts, { onProgress: setSent, signal: abort.current.signal });
  };
  const missing = missingIn(values, drafts);
  const { submit, isBusy, error, errors } = useMaking({ missing, make, onMade, places: PLACES });
  return html`<${BackLink} /><${PageHead} title="Clone a voice">
    Half a minute of clear speech is enough. It stays on this machine.<//>
    <form class="columns" onSubmit=${submit} novalidate>
      <div><${Card} title="Recordings">
        <${RecordingDrafts} drafts=${drafts} onChange=${setDrafts} needsWords=${needsWords(error)} />
        <${Problem}>${errors.drafts}<//><//></div>
      <div><${Card} title="About the voice"><div class="stack">
        <${AboutFields} values=${values} onChange=${set} errors=${errors} />
        <${MakerField} kind="cloned" value=${values.model} onChange=${(model) => set({ model })} />
        <${Checkbox} value=${values.isAgreed} error=${errors.isAgreed} onChange=${(isAgreed) => set({ isAgreed })}>
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
