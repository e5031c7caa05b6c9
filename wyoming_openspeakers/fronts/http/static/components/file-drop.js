/** A place to drop a file, or to choose one. */
import { classes, html, useState } from "../ui.js";
import { Icon } from "./icon.js";

/** `accept`: as an input has it; `onFiles([File])`. `children`: what else there is to know. */
export function FileDrop({ label, accept, isMany = false, onFiles, children }) {
  const [isOver, setIsOver] = useState(false);
  const over = (is) => (event) => {
    event.preventDefault();
    setIsOver(is);
  };
  const onDrop = (event) => {
    over(false)(event);
    const files = [...event.dataTransfer.files];
    if (files.length) onFiles(isMany ? files : files.slice(0, 1));
  };
  const onChange = (event) => {
    onFiles([...event.target.files]);
    event.target.value = "";
  };
  return html`<label class=${classes("drop", isOver && "is-over")} onDragOver=${over(true)}
    onDragEnter=${over(true)} onDragLeave=${over(false)} onDrop=${onDrop}>
    <input type="file" class="unseen" accept=${accept} multiple=${isMany} onChange=${onChange} />
    <${Icon} name="upload" size=${26} />
    <span class="drop-label">${label}</span>
    ${children && html`<span class="soft">${children}</span>`}
  </label>`;
}
