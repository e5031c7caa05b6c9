/** Windows over the page: a Dialog of one's own, and `await confirm({...})`. Escape closes them, focus stays inside. */
import { Store, useStore } from "../state/store.js";
import { classes, html, useId, useLayoutEffect, useRef } from "../ui.js";
import { Button, IconButton } from "./button.js";

/** `<${Dialog} title="..." onClose=${close} footer=${html`...`}>...<//>`: shown as long as it is drawn.
 * What has `data-focus` is where one begins. */
export function Dialog({ title, onClose, children, footer, isWide = false, class: more }) {
  const element = useRef(null);
  const name = useId();
  // At once, not after the next picture: until it is open, keys and clicks go to what lies under it.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog.showModal();
    dialog.querySelector("[data-focus]")?.focus();
    // The browser gives the focus back to what had it.
    return () => dialog.close();
  }, []);
  const onCancel = (event) => {
    event.preventDefault();
    onClose();
  };
  const onClick = (event) => event.target === element.current && onClose();
  // A browser may close it without asking, when Escape is pressed twice.
  const onClosed = () => element.current?.isConnected && onClose();
  return html`<dialog ref=${element} class=${classes("dialog", isWide && "is-wide", more)} aria-labelledby=${name}
    onCancel=${onCancel} onClose=${onClosed} onMouseDown=${onClick}>
    <div class="dialog-body">
      <header><h2 id=${name}>${title}</h2><${IconButton} icon="close" label="Close" onClick=${onClose} /></header>
      <div class="dialog-content">${children}</div>
      ${footer && html`<footer>${footer}</footer>`}
    </div>
  </dialog>`;
}

const question = new Store(null);

/** True when somebody says yes: `await confirm({title, text, action: "Delete", isDanger: true})`. */
export function confirm({ title, text, action = "Yes", isDanger = false }) {
  return new Promise((resolve) => {
    question.value?.answer(false);
    const answer = (yes) => {
      question.set(null);
      resolve(yes);
    };
    question.set({ title, text, action, isDanger, answer });
  });
}

/** Where questions are shown; the shell has one. */
export function Questions() {
  const asked = useStore(question);
  if (!asked) return null;
  const { title, text, action, isDanger, answer } = asked;
  return html`<${Dialog} key=${title + text} title=${title} onClose=${() => answer(false)} footer=${html`
    <${Button} onClick=${() => answer(false)}>Cancel<//>
    <${Button} kind=${isDanger ? "danger" : "main"} onClick=${() => answer(true)}>${action}<//>`}>
    <p>${text}</p>
  <//>`;
}
