/** Copies a text, also where the page has come over plain HTTP and browsers close the clipboard. */
import { html, useState } from "../ui.js";
import { Button } from "./button.js";
import { toast } from "./toasts.js";

const SHOWN = 2000;

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
}

function copyBySelection(text) {
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
  // Inside an open dialog nothing outside of it can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  if (!isDone) throw new Error("The browser does not let this page copy: select the text, and copy it by hand");
}

export function CopyButton({ text, label = "Copy" }) {
  const [isCopied, setIsCopied] = useState(false);
  const onClick = async () => {
    try {
      await copy(typeof text === "function" ? text() : text);
      setIsCopied(true);
      setTimeout(() => setIsCopied(false), SHOWN);
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
  };
  return html`<${Button} icon=${isCopied ? "check" : "copy"} kind="quiet" onClick=${onClick}>
    <span aria-live="polite">${isCopied ? "Copied" : label}</span><//>`;
}
