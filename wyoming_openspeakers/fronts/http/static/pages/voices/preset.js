/** Keeps a voice, with how it shall speak, under a name of its own. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { Card, PageHead } from "../../components/page-head.js";
import { VoiceChoice } from "../../components/voice-picker.js";
import { useStore } from "../../state/store.js";
import { catalog } from "../../state/voices.js";
import { html, useEffect, useState } from "../../ui.js";
import { AboutFields, NEW_VOICE } from "./about-fields.js";
import { Problem } from "./deed.js";
import { PLAIN_STYLE, StyleFields } from "./details.js";
import { useMaking } from "./making.js";
import { BackLink } from "./voice-card.js";

const PLACES = { voice: ".voice-choice" };

export function PresetForm({ route, onMade }) {
  const { voices, models } = useStore(catalog);
  const [values, setValues] = useState({ ...NEW_VOICE, style: PLAIN_STYLE, voice: null });
  const set = (change) => setValues((old) => ({ ...old, ...change }));
  useEffect(() => {
    const voice = voices.find((one) => one.id === route.query.get("voice"));
    if (voice) set({ voice });
  }, [route, voices.length]);

  const missing = {};
  if (!values.voice) missing.voice = "Choose the voice that it speaks with.";
  if (!values.name.trim()) missing.name = "The preset needs a name.";
  const make = () => api.post("api/voices", { ...values, kind: "preset", voice: values.voice.id });
  const { submit, isBusy, error, errors } = useMaking({ missing, make, onMade, places: PLACES });
  return html`<${BackLink} /><${PageHead} title="New preset">A voice with its speed, pitch and mood, under a name.<//>
    <form class="columns" onSubmit=${submit} novalidate>
      <div><${Card} title="How it speaks"><div class="stack">
        <${VoiceChoice} label="Voice" voice=${values.voice} mustChoose onChoose=${(voice) => set({ voice })} />
        <${Problem}>${missing.voice && errors.voice}<//>
        <${StyleFields} style=${values.style} model=${models.get(values.voice?.model)}
          onChange=${(style) => set({ style })} /></div><//></div>
      <div><${Card} title="About it"><div class="stack">
        <${AboutFields} values=${values} onChange=${set} errors=${errors} />
        <${Problem} error=${error} />
        <div class="row is-end"><${Button} kind="main" type="submit" isBusy=${isBusy}>Make the preset<//></div>
      </div><//></div>
    </form>`;
}
