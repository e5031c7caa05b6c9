/** How something is: a badge, a bar, a note. Never by colour alone. */
import { classes, html } from "../ui.js";
import { Icon } from "./icon.js";

/** Kinds: plain, good, busy, bad, accent. */
export function Badge({ kind = "plain", icon, children }) {
  return html`<span class=${classes("badge", `is-${kind}`)}>
    ${icon ? html`<${Icon} name=${icon} size=${14} />` : kind !== "plain" && kind !== "accent" && html`<i></i>`}
    ${children}</span>`;
}

/** `<${Progress} label="Kokoro" value=${0.4} text="40 of 100 MB" />`; without a value it only says that it goes on. */
export function Progress({ label, value = null, text }) {
  const share = value === null ? null : Math.max(0, Math.min(1, value));
  return html`<div class="progress">
    <div class="progress-words"><span>${label}</span><span class="soft">${text}</span></div>
    <div class=${classes("progress-bar", share === null && "is-endless")} role="progressbar" aria-label=${label}
      aria-valuemin="0" aria-valuemax="100" aria-valuenow=${share === null ? undefined : Math.round(share * 100)}
      aria-valuetext=${text}><span style=${{ width: share === null ? "40%" : `${share * 100}%` }}></span></div>
  </div>`;
}

/**
 * A bar of who has how much of something: `<${Shares} label="Memory" total=${9} parts=${[{name, value}]} />`.
 * `show` makes words of a value.
 */
export function Shares({ label, total, parts, show = String }) {
  const whole = Math.max(total, parts.reduce((sum, part) => sum + part.value, 0), 1);
  const words = parts.map((part) => `${part.name} ${show(part.value)}`).join(", ");
  return html`<div class="shares">
    <div class="shares-bar" role="img" aria-label=${`${label}: ${words || "nothing"} of ${show(total)}`}>
      ${parts.map((part, at) => html`<span key=${part.name} class=${`share-${part.tone ?? at % 5}`}
        style=${{ width: `${(part.value / whole) * 100}%` }}></span>`)}
    </div>
    <ul class="shares-names">${parts.map((part, at) => html`<li key=${part.name}>
      <i class=${`share-${part.tone ?? at % 5}`}></i>${part.name} <span class="soft">${show(part.value)}</span></li>`)}
    </ul>
  </div>`;
}

/** Something to know, in a line. Kinds: info, bad. */
export function Note({ kind = "info", children }) {
  return html`<p class=${classes("note", `is-${kind}`)}>
    <${Icon} name=${kind === "bad" ? "alert" : "info"} size=${18} /><span>${children}</span></p>`;
}
