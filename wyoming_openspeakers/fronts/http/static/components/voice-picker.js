/** Chooses a voice: by name, language and engine, with a listen before. */
import { hrefOf } from "../router.js";
import { useStore } from "../state/store.js";
import { catalog, refresh } from "../state/voices.js";
import { classes, html, useEffect, useMemo, useState } from "../ui.js";
import { Avatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { EmptyState, Failed, Loading } from "./empty-state.js";
import { SearchField, SelectField } from "./fields.js";
import { Icon } from "./icon.js";
import { Badge } from "./status.js";
import { PreviewButton, usePreview } from "./voice-preview.js";
import { count, languageName } from "./words.js";

const SHOWN_AT_ONCE = 60;

/**
 * The button that shows the chosen voice and opens the list. `voice` is null for the automatic one, or, where one
 * `mustChoose`, while none is chosen.
 */
export function VoiceChoice({ label, voice, mustChoose = false, onChoose }) {
  const [isOpen, setIsOpen] = useState(false);
  const models = useStore(catalog).models;
  const nothing = mustChoose ? ["None yet", "Choose a voice"] : ["Automatic", "By the language of the text"];
  return html`
    <button type="button" class="voice-choice" aria-haspopup="dialog" onClick=${() => setIsOpen(true)}>
      <span class="unseen">${label}: </span>
      <${Avatar} name=${voice?.name} />
      <span class="voice-words"><strong>${voice ? voice.name : nothing[0]}</strong>
        <span class="soft">${voice ? subtitle(voice, models) : nothing[1]}</span></span>
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
  const [search, setSearch] = useState("");
  const [language, setLanguage] = useState("");
  const [model, setModel] = useState("");
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  const languages = useMemo(() => optionsOf(voices, "language", languageName), [voices]);
  const engines = useMemo(() => optionsOf(voices, "model", (id) => models.get(id)?.name ?? id), [voices, models]);
  const found = useMemo(
    () => voices.filter((voice) => isMeant(voice, { search, language, model }, models)),
    [voices, models, search, language, model],
  );
  useEffect(() => setShown(SHOWN_AT_ONCE), [search, language, model]);
  const preview = usePreview();

  return html`<${Dialog} title=${title} onClose=${onClose} class="picker">
    <div class="picker-filters">
      <${SearchField} label="Search voices" value=${search} onChange=${setSearch} data-focus />
      <${SelectField} label="Language" isLabelUnseen value=${language} onChange=${setLanguage}
        options=${[{ value: "", label: "All languages" }, ...languages]} />
      <${SelectField} label="Engine" isLabelUnseen value=${model} onChange=${setModel}
        options=${[{ value: "", label: "All engines" }, ...engines]} />
    </div>
    <p class="unseen" role="status">${count(found.length, "voice")} found</p>
    ${error && !voices.length && html`<${Failed} error=${error} onRetry=${refresh} />`}
    ${isLoading && html`<${Loading} label="Looking for voices" />`}
    <ul class="voice-list">
      ${!mustChoose && !search && !language && !model && html`<li class=${classes("voice-row", !chosen && "is-chosen")}>
        <button type="button" class="voice-pick" aria-pressed=${chosen ? "false" : "true"}
          onClick=${() => onChoose(null)}>
          <${Avatar} />
          <span class="voice-words"><strong>Automatic</strong>
            <span class="soft">The voice that suits the language of the text</span></span></button></li>`}
      ${found.slice(0, shown).map((voice) => html`<${VoiceRow} key=${voice.id} voice=${voice} models=${models}
        isChosen=${voice.id === chosen?.id} preview=${preview} onChoose=${onChoose} />`)}
    </ul>
    ${found.length > shown && html`<button type="button" class="link is-block"
      onClick=${() => setShown(shown + SHOWN_AT_ONCE)}>Show ${Math.min(SHOWN_AT_ONCE, found.length - shown)} more of
      ${` ${found.length - shown}`}</button>`}
    ${!isLoading && !found.length && !error && html`<${EmptyState} icon="search" title="No such voice">
      Try another word, or all languages. More voices come with more
      ${" "}<a href=${hrefOf("models")} onClick=${onClose}>models</a>.<//>`}
  <//>`;
}

function VoiceRow({ voice, models, isChosen, preview, onChoose }) {
  return html`<li class=${classes("voice-row", isChosen && "is-chosen")}>
    <button type="button" class="voice-pick" aria-pressed=${isChosen ? "true" : "false"}
      onClick=${() => onChoose(voice)}>
      <${Avatar} name=${voice.name} />
      <span class="voice-words"><strong>${voice.name}</strong>
        <span class="soft">${subtitle(voice, models)}</span></span>
      ${voice.isOwn && html`<${Badge} kind="accent">Yours<//>`}
    </button>
    <${PreviewButton} preview=${preview} voice=${voice} />
  </li>`;
}

function isMeant(voice, { search, language, model }, models) {
  if (language && voice.language !== language) return false;
  if (model && voice.model !== model) return false;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const texts = [voice.id, voice.name, voice.label, languageName(voice.language), voice.gender];
  const text = [...texts, models.get(voice.model)?.name, ...voice.tags].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function optionsOf(voices, field, nameOf) {
  const values = [...new Set(voices.map((voice) => voice[field]))].filter(Boolean);
  return values.map((value) => ({ value, label: nameOf(value) })).sort((a, b) => a.label.localeCompare(b.label));
}

const subtitle = (voice, models) =>
  [voice.language && languageName(voice.language), models.get(voice.model)?.name ?? voice.model, voice.gender]
    .filter(Boolean).join(" · ");
