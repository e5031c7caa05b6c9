/** One voice: how to ask for it, its recordings, a sentence with it, and all that can be changed. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { CopyButton } from "../../components/copy-button.js";
import { confirm } from "../../components/dialog.js";
import { EmptyState } from "../../components/empty-state.js";
import { Card, PageHead } from "../../components/page-head.js";
import { sentence } from "../../components/prose.js";
import { Note } from "../../components/status.js";
import { toast, toastError } from "../../components/toasts.js";
import { aboutVoice } from "../../components/voice-name.js";
import { count } from "../../components/words.js";
import { go, hrefOf } from "../../router.js";
import { useStore } from "../../state/store.js";
import { asHeard, catalog } from "../../state/voices.js";
import { html } from "../../ui.js";
import { Problem, useDeed } from "./deed.js";
import { Details } from "./details.js";
import { Samples } from "./samples.js";
import { TryIt } from "./try-it.js";
import { BackLink } from "./voice-card.js";

export function VoicePage({ id, voices, onChange }) {
  const { models } = useStore(catalog);
  const voice = voices.find((one) => one.id === id);
  if (!voice) {
    return html`<${BackLink} /><${Card}><${EmptyState} icon="search" title="This voice is not here"
      action=${html`<a href=${hrefOf("voices")}>See all voices</a>`}>Somebody may have deleted it.<//><//>`;
  }
  const speak = () => go("speak", { voice: asHeard(voice).id });
  const actions = html`
    ${voice.available && html`<${Button} icon="bars" onClick=${speak}>Speak<//>`}
    ${!voice.read_only && html`<${Button} icon="trash" onClick=${() => remove(voice, onChange)}>Delete<//>`}`;
  return html`<${BackLink} />
    <${PageHead} title=${voice.name} actions=${actions}>${aboutVoice(voice, models)}<//>
    <div class="stack voice-notes">
      ${voice.problem && html`<${Note} kind="bad">It cannot speak now: ${sentence(voice.problem)}
        ${" "}<a href=${hrefOf("models")}>See the models</a><//>`}
      ${voice.kind === "cloned" && !voice.consent && html`<${NoConsent} voice=${voice} onChange=${onChange} />`}
      ${voice.read_only && html`<${Note}>It stands in the configuration, under <code>voice.presets</code>, and is
        changed there.<//>`}
    </div>
    <div class="columns">
      <div>
        <${Card} title="Try it"><${TryIt} voice=${voice} /><//>
        ${voice.kind === "cloned" && html`<${Samples} voice=${voice} onChange=${onChange} />`}
      </div>
      <div>
        <${Card} title=${voice.read_only ? "What it is" : "Details"}>
          <${Details} key=${voice.updated_at} voice=${voice} onChange=${onChange} /><//>
        ${voice.full_name && html`<${Card} title="Ask for it">
          <p class="soft">By its name, or, where another voice may be called so too, by</p>
          <div class="row address"><code>${voice.full_name}</code><${CopyButton} text=${voice.full_name} /></div><//>`}
      </div>
    </div>`;
}

function NoConsent({ voice, onChange }) {
  const { isBusy, error, run } = useDeed();
  const agree = () => run(async () => {
    await api.patch(`api/voices/${voice.id}`, { consent: true });
    onChange();
  });
  return html`<div class="no-consent"><${Note} kind="bad">Nobody has said that the person whose voice this is agrees to
    it. If they do not, delete it.<//>
    <${Button} icon="check" isBusy=${isBusy} onClick=${agree}>They agree<//><${Problem} error=${error} /></div>`;
}

async function remove(voice, onChange) {
  const many = voice.samples.length;
  const text = many
    ? `${count(many, "recording")} of it ${many === 1 ? "is" : "are"} deleted as well, at once and for good.`
    : "What was spoken with it stays where it is.";
  if (!(await confirm({ title: `Delete ${voice.name}?`, text, action: "Delete", isDanger: true }))) return;
  try {
    await api.delete(`api/voices/${voice.id}`);
    toast(`${voice.name} is gone`, { kind: "good" });
    go("voices");
    onChange();
  } catch (error) {
    toastError(error);
  }
}
