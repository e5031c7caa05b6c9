/** Short messages that come and go: `toast("Copied")`, `toastError(error)`. */
import { isAbort } from "../api.js";
import { Store, useStore } from "../state/store.js";
import { classes, html } from "../ui.js";
import { IconButton } from "./button.js";
import { Icon } from "./icon.js";
import { prose } from "./prose.js";

const STAYS = { info: 5000, good: 5000, bad: 12_000 };
const STAYS_TO_ACT = 30_000;
const MOST = 4;

const toasts = new Store([]);
let count = 0;

/** Kinds: info, good, bad. `action`: `{label, onClick}`. */
export function toast(text, { kind = "info", action = null } = {}) {
  const id = (count += 1);
  toasts.update((old) => [...old.filter((other) => other.text !== text), { id, text, kind, action }].slice(-MOST));
  setTimeout(() => dismiss(id), action ? STAYS_TO_ACT : STAYS[kind]);
}

/** What went wrong, in its own words; nothing when somebody has hung up on purpose. */
export function toastError(error) {
  if (!isAbort(error)) toast(error.message, { kind: "bad" });
}

function dismiss(id) {
  toasts.update((old) => old.filter((other) => other.id !== id));
}

const ICONS = { info: "info", good: "check", bad: "alert" };
const KINDS = { info: "Note", good: "Done", bad: "Problem" };

export function Toasts() {
  const shown = useStore(toasts);
  const toastsOf = (isBad) => shown.filter((one) => (one.kind === "bad") === isBad);
  return html`<div class="toasts">
    <div role="status" aria-live="polite">${toastsOf(false).map(drawn)}</div>
    <div role="alert" aria-live="assertive">${toastsOf(true).map(drawn)}</div>
  </div>`;
}

const drawn = ({ id, text, kind, action }) => html`<div key=${id} class=${classes("toast", `is-${kind}`)}>
  <${Icon} name=${ICONS[kind]} />
  <p><span class="unseen">${KINDS[kind]}: </span>${prose(text)}</p>
  ${action && html`<button type="button" class="link" onClick=${() => {
    dismiss(id);
    action.onClick();
  }}>${action.label}</button>`}
  <${IconButton} icon="close" label="Dismiss" size=${16} onClick=${() => dismiss(id)} />
</div>`;
