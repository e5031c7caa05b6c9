/** Voices: those that people made here, and those that models bring along. */
import { Failed, Loading } from "../components/empty-state.js";
import { html } from "../ui.js";
import { CloneForm } from "./voices/clone.js";
import { Gallery } from "./voices/gallery.js";
import { useOwnVoices } from "./voices/own-voices.js";
import { PresetForm } from "./voices/preset.js";
import { VoicePage } from "./voices/voice-page.js";

const FORMS = { clone: CloneForm, preset: PresetForm };

/** `#/voices` shows all, `#/voices/clone` and `#/voices/preset?voice=hibari/heart` make one, `#/voices/of/ID` is one */
export function Voices({ route }) {
  const { voices, error, reload } = useOwnVoices();
  const [view, id] = route.rest;
  if (!voices) return error ? html`<${Failed} error=${error} onRetry=${reload} />` : html`<${Loading} />`;
  const Form = FORMS[view];
  if (Form) return html`<${Form} key=${view} route=${route} onMade=${reload} />`;
  if (view === "of") return html`<${VoicePage} key=${id} id=${id} voices=${voices} onChange=${reload} />`;
  return html`<${Gallery} route=${route} voices=${voices} />`;
}
