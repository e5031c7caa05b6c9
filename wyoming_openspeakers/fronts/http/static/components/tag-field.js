/** A field for words that something is found by: Enter or a comma ends one, Backspace takes the last back. */
import { html, useState } from "../ui.js";
import { IconButton } from "./button.js";
import { Field } from "./fields.js";

/** `<${TagField} label="Tags" value=${["home"]} onChange=${(tags) => ...} />` */
export function TagField({ label, hint, error, value, onChange, most = 20, longest = 40 }) {
  const [draft, setDraft] = useState("");
  const add = (text) => {
    const known = value.map((tag) => tag.toLowerCase());
    const words = text.split(",").map((word) => word.trim()).filter(Boolean);
    const fresh = words.filter((word) => !known.includes(word.toLowerCase()));
    setDraft("");
    if (fresh.length) onChange([...value, ...new Set(fresh)].slice(0, most));
  };
  const onInput = (event) => {
    const text = event.target.value;
    if (text.includes(",")) add(text);
    else setDraft(text);
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && draft.trim()) {
      event.preventDefault();
      add(draft);
    } else if (event.key === "Backspace" && !draft && value.length) onChange(value.slice(0, -1));
  };
  return html`<${Field} label=${label} hint=${hint} error=${error}>${(id, described) => html`
    <div class="tag-field">
      ${value.map((tag) => html`<span class="tag" key=${tag}>${tag}<${IconButton} icon="close" size=${14}
        label=${`Remove the tag ${tag}`} onClick=${() => onChange(value.filter((other) => other !== tag))} /></span>`)}
      <input type="text" id=${id} aria-describedby=${described} value=${draft} maxLength=${longest} autocomplete="off"
        disabled=${value.length >= most} onInput=${onInput} onKeyDown=${onKeyDown} onBlur=${() => add(draft)} />
    </div>`}<//>`;
}
