/** Speak: a text, one voice or two, and the sound as it is made. */
import { Speech } from "../audio/speech.js";
import { Button } from "../components/button.js";
import { EmptyState } from "../components/empty-state.js";
import { Card, PageHead } from "../components/page-head.js";
import { count } from "../components/words.js";
import { kept, keep, keptValue } from "../state/kept.js";
import { useStore } from "../state/store.js";
import { catalog } from "../state/voices.js";
import { classes, html, useEffect, useRef, useState } from "../ui.js";
import { requestBody } from "./speak/request.js";
import { IDEAS } from "./speak/samples.js";
import { Settings, schemaOf } from "./speak/settings.js";
import { Take } from "./speak/take.js";

const SESSION = { isForSession: true };
const SIDES = ["a", "b"];
const LABELS = { a: "Voice", b: "Second voice" };
const NEW_CHOICE = { voice: null, values: {}, language: "", seed: "" };

/** `#/speak?voice=hibari/heart&text=Hello` comes with both. */
export function Speak({ route }) {
  const [text, setText] = useState(() => kept("text", SESSION));
  const [isComparing, setIsComparing] = useState(false);
  const [choices, setChoices] = useState(() => ({
    a: { ...NEW_CHOICE, ...keptValue("choice.a", {}) }, b: { ...NEW_CHOICE, ...keptValue("choice.b", {}) },
  }));
  const { takes, isBusy, speak, stop } = useTakes();
  const { models, voices } = useStore(catalog);
  useEffect(() => keep("text", text, SESSION), [text]);
  useEffect(() => {
    if (route.query.has("text")) setText(route.query.get("text"));
  }, [route]);
  useEffect(() => {
    const voice = voices.find((one) => one.id === route.query.get("voice"));
    if (voice) choose("a")({ ...NEW_CHOICE, voice });
  }, [route, voices.length]);

  const choose = (side) => (choice) => {
    setChoices((old) => ({ ...old, [side]: choice }));
    keep(`choice.${side}`, choice);
  };
  const sides = isComparing ? SIDES : ["a"];
  const canSpeak = text.trim() !== "";
  const start = () => canSpeak && speak(sides.map((side) => {
    const choice = choices[side];
    const name = choice.voice?.name ?? "Automatic";
    const body = requestBody(text, choice, schemaOf(choice, models));
    return { name: isComparing ? `${side.toUpperCase()}: ${name}` : name, body };
  }));
  const onKeyDown = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    start();
  };

  return html`
    <${PageHead} title="Speak" actions=${html`<${Button} icon="compare" kind=${isComparing ? "chosen" : "plain"}
      aria-pressed=${isComparing ? "true" : "false"} onClick=${() => setIsComparing(!isComparing)}>Compare<//>`}>
      Type something, and hear it while it is being made.<//>
    <div class=${classes("speak", isComparing && "is-comparing", takes.length && "has-takes")}>
      <${Card} class="composer">
        <label class="unseen" for="text">Text</label>
        <textarea id="text" class="text" rows="3" placeholder="What shall be said?" value=${text}
          aria-describedby="text-hint" onInput=${(event) => setText(event.target.value)}
          onKeyDown=${onKeyDown}></textarea>
        ${!text && html`<div class="row ideas"><span class="soft">Try</span>${IDEAS.map((idea) => html`
          <button key=${idea.label} type="button" class="chip" onClick=${() => setText(idea.text)}>
            ${idea.label}</button>`)}
        </div>`}
        <div class="composer-foot">
          <span class="soft" id="text-hint">${text ? count(text.length, "character")
            : html`<span class="keys">Ctrl + Enter speaks</span>`}</span>
          <${Button} icon=${isBusy ? "stop" : "play"} kind="main" disabled=${!canSpeak && !isBusy}
            onClick=${isBusy ? stop : start}>${isBusy ? "Stop" : "Speak"}<//>
        </div>
      <//>
      <div class="speak-side">${sides.map((side) => html`<${Card} key=${side} class="settings">
        <${Settings} label=${LABELS[side]} choice=${choices[side]} onChange=${choose(side)} /><//>`)}</div>
      <div class="takes">
        ${takes.map((take) => html`<${Card} key=${take.speech.id}><${Take} take=${take} /><//>`)}
        ${!takes.length && html`<${Card}><${EmptyState} icon="bars" title="Nothing has been said yet">
          The sound appears here, with how fast it came. You can download it, or take it along as a command.<//><//>`}
      </div>
    </div>`;
}

/** What was spoken last: `{takes, isBusy, speak(requests), stop()}`. Two are made at once and heard in turn. */
function useTakes() {
  const [takes, setTakes] = useState([]);
  const [isBusy, setIsBusy] = useState(false);
  const current = useRef([]);

  const silence = () => current.current.forEach(({ speech }) => speech.stop());
  useEffect(() => silence, []);

  const speak = async (requests) => {
    silence();
    const made = requests.map(({ name, body }) => ({ name, speech: new Speech(body) }));
    current.current = made;
    setTakes(made);
    setIsBusy(true);
    const heard = playInTurn(made, () => current.current === made);
    await Promise.all([heard, ...made.map(({ speech }) => speech.run())]);
    if (current.current === made) setIsBusy(false);
  };
  return { takes, isBusy, speak, stop: silence };
}

async function playInTurn(takes, isWanted) {
  for (const { speech: { playback } } of takes) {
    if (!isWanted()) return;
    playback.play();
    // Whoever pauses one does not want the next.
    if ((await rest(playback)) !== "idle") return;
  }
}

/** Waits until it does not play; its state then. */
function rest(playback) {
  return new Promise((resolve) => {
    const end = playback.state.watch((state) => {
      end();
      resolve(state);
    });
  });
}
