/** A button that opens a short list of things to do. */
import { classes, html, useEffect, useId, useRef, useState } from "../ui.js";
import { Button } from "./button.js";

/** `items`: `[{label, hint, onClick}]`. */
export function Menu({ label, icon, items, isBusy = false, kind = "plain" }) {
  const [isOpen, setIsOpen] = useState(false);
  const frame = useRef(null);
  const list = useRef(null);
  const id = useId();

  useEffect(() => {
    if (!isOpen) return undefined;
    list.current.querySelector("button").focus();
    const onAway = (event) => !frame.current.contains(event.target) && setIsOpen(false);
    addEventListener("pointerdown", onAway);
    return () => removeEventListener("pointerdown", onAway);
  }, [isOpen]);

  const close = () => {
    setIsOpen(false);
    frame.current.querySelector("button").focus();
  };
  const onKeyDown = (event) => {
    const choices = [...list.current.querySelectorAll("button")];
    const at = choices.indexOf(document.activeElement);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: choices.length - 1 };
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setIsOpen(false);
    else if (event.key in steps) choices[(steps[event.key] + choices.length) % choices.length].focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };
  return html`<div class="menu" ref=${frame}>
    <${Button} icon=${icon} kind=${kind} isBusy=${isBusy} aria-haspopup="menu"
      aria-expanded=${isOpen ? "true" : "false"} aria-controls=${isOpen ? id : undefined}
      onClick=${() => setIsOpen(!isOpen)}>${label}<//>
    ${isOpen && html`<ul class="menu-list" role="menu" id=${id} aria-label=${label} ref=${list} onKeyDown=${onKeyDown}>
      ${items.map((item) => html`<li key=${item.label} role="none">
        <button type="button" role="menuitem" tabindex="-1" class=${classes("menu-item", item.isDanger && "is-danger")}
          onClick=${() => {
            close();
            item.onClick();
          }}>${item.label}${item.hint && html` <span class="soft">${item.hint}</span>`}</button></li>`)}
    </ul>`}
  </div>`;
}
