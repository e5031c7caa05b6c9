/** A voice in a list: a card for one's own, a row for what a model brings along. */
import { IconButton } from "../../components/button.js";
import { Icon } from "../../components/icon.js";
import { Badge } from "../../components/status.js";
import { VoiceName, aboutVoice } from "../../components/voice-name.js";
import { PreviewButton } from "../../components/voice-preview.js";
import { go, hrefOf } from "../../router.js";
import { asHeard } from "../../state/voices.js";
import { html } from "../../ui.js";

export function VoiceCard({ voice, models, preview, onTag }) {
  return html`<li class="card voice-card">
    <div class="voice-card-head">
      <a class="voice-open" href=${hrefOf(`voices/of/${encodeURIComponent(voice.id)}`)}>
        <${VoiceName} name=${voice.name} about=${aboutVoice(voice, models)} /></a>
      ${voice.available && html`<${PreviewButton} preview=${preview} voice=${asHeard(voice)} />`}
    </div>
    ${voice.description && html`<p class="soft voice-said">${voice.description}</p>`}
    <${Marks} voice=${voice} onTag=${onTag} />
  </li>`;
}

function Marks({ voice, onTag }) {
  const noted = [
    !voice.available && html`<${Badge} key="!" kind="bad">Cannot speak now<//>`,
    voice.kind === "cloned" && !voice.consent && html`<${Badge} key="?" kind="busy">Consent missing<//>`,
    voice.read_only && html`<${Badge} key="=">From the configuration<//>`,
  ].filter(Boolean);
  if (!noted.length && !voice.tags.length) return null;
  return html`<div class="voice-marks">${noted}${voice.tags.map((tag) => html`<button key=${tag} type="button"
    class="tag" aria-label=${`Show all with the tag ${tag}`} onClick=${() => onTag(tag)}>${tag}</button>`)}</div>`;
}

export function BuiltInRow({ voice, models, preview }) {
  return html`<li class="voice-row">
    <a class="voice-open" href=${hrefOf("speak", { voice: voice.id })}>
      <${VoiceName} name=${voice.name} about=${aboutVoice(voice, models)} /></a>
    <${IconButton} icon="sliders" label=${`Make a preset of ${voice.name}`}
      onClick=${() => go("voices/preset", { voice: voice.id })} />
    <${PreviewButton} preview=${preview} voice=${voice} />
  </li>`;
}

/** The way back from a voice or a form. */
export const BackLink = () =>
  html`<a class="back" href=${hrefOf("voices")}><${Icon} name="chevron" size=${16} />All voices</a>`;
