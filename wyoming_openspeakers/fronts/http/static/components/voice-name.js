/** A voice among others: the first letters of its name as a picture, its name, and something about it. */
import { html } from "../ui.js";
import { Icon } from "./icon.js";
import { languageName } from "./words.js";

const KINDS = { cloned: "Cloned", preset: "Preset", designed: "Designed" };

/** `<${VoiceName} name="Grandma" about="German" />`; with `isAny` it stands for whichever voice suits. */
export const VoiceName = ({ name, about, isAny = false }) => html`
  <span class="avatar" aria-hidden="true">${isAny ? html`<${Icon} name="bars" size=${18} />` : initials(name)}</span>
  <span class="voice-words"><strong>${name}</strong><span class="soft">${about}</span></span>`;

/** What it is, in a line: `Cloned · German · Chatterbox`; of a voice of the catalog, or one of one's own. */
export const aboutVoice = ({ kind, language, model, model_id: own, gender }, models) => [
  KINDS[kind], language && languageName(language), models.get(model ?? own)?.name ?? model ?? own, gender,
].filter(Boolean).join(" · ");

/** Some models have language and country before the name. */
const initials = (name) => name.replace(/^[a-z]{2}_([A-Z]{2}-)?/, "").slice(0, 2).toUpperCase();
