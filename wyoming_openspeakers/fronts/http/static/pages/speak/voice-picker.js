/** Chooses a voice: by name, language and engine, with a listen before. */
import { loudspeaker } from "../../audio/output.js";
import { Playback } from "../../audio/playback.js";
import { Speech } from "../../audio/speech.js";
import { IconButton } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { EmptyState, Failed, Loading } from "../../components/empty-state.js";
import { SearchField, SelectField } from "../../components/fields.js";
import { Icon } from "../../components/icon.js";
import { Badge } from "../../components/status.js";
import { toastError } from "../../components/toasts.js";
import { count, languageName } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { useStore } from "../../state/store.js";
import { catalog, refresh } from "../../state/voices.js";
import { classes, html, useEffect, useMemo, useRef, useState } from "../../ui.js";
import { sampleIn } from "./samples.js";

const SHOWN_AT_ONCE = 60;

/** The button that shows the chosen voice and opens the list. `voice` is null for the automatic one. */
export function VoiceChoice({ label, voice, onChoose }) {
  const [isOpen, setIsOpen] = useState(false);
  const models = useStore(catalog).models;
  return html`
    <button type="button" class="voice-choice" aria-haspopup="dialog" onClick=${() => setIsOpen(true)}>
      <span class="unseen">${label}: </span>
      <span class="avatar" aria-hidden="true">${voice ? initials(voice)
        : html`<${Icon} name="bars" size=${18} />`}</span>
      <span class="voice-words"><strong>${voice ? voice.name : "Automatic"}</strong>
        <span class="soft">${voice ? subtitle(voice, models) : "By the language of the text"}</span></span>
      <${Icon} name="chevron" size=${18} />
    </button>
    ${isOpen && html`<${VoiceDialog} title=${label} chosen=${voice} onClose=${() => setIsOpen(false)}
      onChoose=${(next) => {
        setIsOpen(false);
        onChoose(next);
      }} />`}`;
}

function VoiceDialog({ title, chosen, onChoose, onClose }) {
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
      ${!search && !language && !model && html`<li class=${classes("voice-row", !chosen && "is-chosen")}>
        <button type="button" class="voice-pick" aria-pressed=${chosen ? "false" : "true"}
          onClick=${() => onChoose(null)}>
          <span class="avatar"><${Icon} name="bars" size=${18} /></span>
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
  const isHeard = preview.id === voice.id;
  return html`<li class=${classes("voice-row", isChosen && "is-chosen")}>
    <button type="button" class="voice-pick" aria-pressed=${isChosen ? "true" : "false"}
      onClick=${() => onChoose(voice)}>
      <span class="avatar" aria-hidden="true">${initials(voice)}</span>
      <span class="voice-words"><strong>${voice.name}</strong>
        <span class="soft">${subtitle(voice, models)}</span></span>
      ${voice.isOwn && html`<${Badge} kind="accent">Yours<//>`}
    </button>
    <${IconButton} icon=${isHeard ? "stop" : "play"} label=${`${isHeard ? "Stop" : "Listen to"} ${voice.name}`}
      onClick=${() => preview.toggle(voice)} />
  </li>`;
}

/** Listens to one voice at a time: `{id, toggle(voice)}`. */
function usePreview() {
  const [id, setId] = useState(null);
  const current = useRef(null);
  const end = () => {
    current.current?.speech.stop();
    current.current?.playback.stop();
    current.current = null;
    setId(null);
  };
  useEffect(() => end, []);

  const toggle = async (voice) => {
    const isSame = current.current?.id === voice.id;
    end();
    if (isSame) return;
    loudspeaker();
    const speech = new Speech({ model: voice.model, voice: voice.id, input: sampleIn(voice.language) });
    const mine = { id: voice.id, speech, playback: new Playback(speech.sound) };
    current.current = mine;
    setId(voice.id);
    mine.playback.play();
    mine.playback.state.watch((state) => state === "idle" && current.current === mine && end());
    await speech.run();
    if (speech.progress.value.state === "failed" && current.current === mine) {
      toastError(speech.progress.value.error);
      end();
    }
  };
  return { id, toggle };
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

const initials = (voice) => voice.name.replace(/^[a-z]{2}_([A-Z]{2}-)?/, "").slice(0, 2).toUpperCase();
