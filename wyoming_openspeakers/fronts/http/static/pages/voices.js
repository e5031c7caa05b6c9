/** Voices: those that people made here, and those that models bring along. */
import { Failed, Loading } from "../components/empty-state.js";
import { useStore } from "../state/store.js";
import { catalog, refresh } from "../state/voices.js";
import { html } from "../ui.js";
import { CloneForm } from "./voices/clone.js";
import { DesignForm } from "./voices/design.js";
import { Gallery } from "./voices/gallery.js";
import { PresetForm } from "./voices/preset.js";
import { VoicePage } from "./voices/voice-page.js";

const FORMS = { clone: CloneForm, design: DesignForm, preset: PresetForm };

/**
 * `#/voices` shows all, `#/voices/of/ID` one; `#/voices/clone`, `#/voices/design` and
 * `#/voices/preset?voice=hibari/heart` make one.
 */
export function Voices({ route }) {
  const { own: voices, error, isLoading } = useStore(catalog);
  const [view, id] = route.rest;
  if (isLoading) return html`<${Loading} label="Looking for voices" />`;
  if (error && !voices.length) return html`<${Failed} error=${error} onRetry=${refresh} />`;
  const Form = FORMS[view];
  if (Form) return html`<${Form} key=${view} route=${route} onMade=${refresh} />`;
  if (view === "of") return html`<${VoicePage} key=${id} id=${id} voices=${voices} onChange=${refresh} />`;
  return html`<${Gallery} route=${route} voices=${voices} />`;
}
