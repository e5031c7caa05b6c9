/** Tabs: arrow keys go from one to the next. */
import { classes, html, useId, useRef } from "../ui.js";

/** `<${Tabs} label="Kind" tabs=${[{id: "a", label: "A"}]} chosen=${id} onChoose=${choose}>what is in it<//>` */
export function Tabs({ label, tabs, chosen, onChoose, children }) {
  const list = useRef(null);
  const name = useId();
  const onKeyDown = (event) => {
    const at = tabs.findIndex((tab) => tab.id === chosen);
    const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = (steps[event.key] + tabs.length) % tabs.length;
    onChoose(tabs[next].id);
    list.current.children[next].focus();
  };
  return html`<div class="tabs">
    <div role="tablist" aria-label=${label} class="tab-list" ref=${list} onKeyDown=${onKeyDown}>
      ${tabs.map((tab) => html`<button key=${tab.id} type="button" role="tab" id=${`${name}-${tab.id}`}
        class=${classes("tab", tab.id === chosen && "is-chosen")} aria-selected=${tab.id === chosen ? "true" : "false"}
        aria-controls=${`${name}-panel`} tabindex=${tab.id === chosen ? 0 : -1} onClick=${() => onChoose(tab.id)}>
        ${tab.label}</button>`)}
    </div>
    <div role="tabpanel" id=${`${name}-panel`} aria-labelledby=${`${name}-${chosen}`} tabindex="0">${children}</div>
  </div>`;
}
