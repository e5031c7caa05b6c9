/** Chooses a voice: by name, language and engine, with a listen before. */
import { hrefOf } from "../router.js";
import { NO_FILTERS, useFound, useOptions } from "../state/finding.js";
import { useStore } from "../state/store.js";
import { catalog, refresh } from "../state/voices.js";
import { classes, html, useState } from "../ui.js";
import { Dialog } from "./dialog.js";
import { EmptyState, Failed, Loading } from "./empty-state.js";
import { SearchField, SelectField } from "./fields.js";
import { Icon } from "./icon.js";
import { useMore } from "./more.js";
import { Badge } from "./status.js";
import { VoiceName, aboutVoice } from "./voice-name.js";
import { PreviewButton, usePreview } from "./voice-preview.js";
import { count } from "./words.js";

const SHOWN_AT_ONCE = 60;

/**
 * The button that shows the chosen voice and opens the list. `voice` is null for the automatic one, or, where one
 * `mustChoose`, while none is chosen.
 */
export function VoiceChoice({ label, voice, mustChoose = false, onChoose }) {
  const [isOpen, setIsOpen] = useState(false);
  const models = useStore(catalog).models;
  const nothing = mustChoose ? ["None yet", "Choose a voice"] : ["Automatic", "By the language of the text"];
  const [name, about] = voice ? [voice.name, aboutVoice(voice, models)] : nothing;
  return html`
    <button type="button" class="voice-choice" aria-haspopup="dialog" onClick=${() => setIsOpen(true)}>
      <span class="unseen">${label}: </span>
      <${VoiceName} name=${name} about=${about} isAny=${!voice} />
      <${Icon} name="chevron" size=${18} />
    </button>
    ${isOpen && html`<${VoiceDialog} title=${label} chosen=${voice} mustChoose=${mustChoose}
      onClose=${() => setIsOpen(false)}
      onChoose=${(next) => {
        setIsOpen(false);
        onChoose(next);
      }} />`}`;
}

function VoiceDialog({ title, chosen, mustChoose, onChoose, onClose }) {
  const { voices, models, error, isLoading } = useStore(catalog);
  const [filters, setFilters] = useState(NO_FILTERS);
  const languages = useOptions(voices, "language", "All languages");
  const engines = useOptions(voices, "model", "All engines");
  const found = useFound(voices, filters);
  const { shown, more } = useMore(found, SHOWN_AT_ONCE, filters);
  const preview = usePreview();
  const set = (name) => (value) => setFilters((old) => ({ ...old, [name]: value }));
  const hasFilters = Object.values(filters).some(Boolean);

  return html`<${Dialog} title=${title} onClose=${onClose} class="picker">
    <div class="picker-filters">
      <${SearchField} label="Search voices" value=${filters.search} onChange=${set("search")} data-focus />
      <${SelectField} label="Language" isLabelUnseen value=${filters.language} onChange=${set("language")}
        options=${languages} />
      <${SelectField} label="Engine" isLabelUnseen value=${filters.model} onChange=${set("model")} options=${engines} />
    </div>
    <p class="unseen" role="status">${count(found.length, "voice")} found</p>
    ${error && !voices.length && html`<${Failed} error=${error} onRetry=${refresh} />`}
    ${isLoading && html`<${Loading} label="Looking for voices" />`}
    <ul class="voice-list">
      ${!mustChoose && !hasFilters && html`<${Row} name="Automatic" isAny isChosen=${!chosen}
        about="The voice that suits the language of the text" onClick=${() => onChoose(null)} />`}
      ${shown.map((voice) => html`<${Row} key=${voice.id} name=${voice.name} about=${aboutVoice(voice, models)}
        isChosen=${voice.id === chosen?.id} onClick=${() => onChoose(voice)}
        mark=${voice.isOwn && html`<${Badge} kind="accent">Yours<//>`}>
        <${PreviewButton} preview=${preview} voice=${voice} /><//>`)}
    </ul>
    ${more}
    ${!isLoading && !found.length && !error && html`<${EmptyState} icon="search" title="No such voice">
      Try another word, or all languages. More voices come with more
      ${" "}<a href=${hrefOf("models")} onClick=${onClose}>models</a>.<//>`}
  <//>`;
}

const Row = ({ name, about, isAny, isChosen, mark, onClick, children }) => html`
  <li class=${classes("voice-row", isChosen && "is-chosen")}>
    <button type="button" class="voice-pick" aria-pressed=${isChosen ? "true" : "false"} onClick=${onClick}>
      <${VoiceName} name=${name} about=${about} isAny=${isAny} />${mark}</button>
    ${children}
  </li>`;
