/** Fields of forms: each has a label, maybe a hint, and says what is wrong with it. */
import { classes, html, useId, useState } from "../ui.js";
import { IconButton } from "./button.js";
import { Icon } from "./icon.js";

/** The frame of a field; `children(id, described)` gives the control. */
export function Field({ label, hint, error, aside, children }) {
  const id = useId();
  const described = error || hint ? `${id}-hint` : undefined;
  return html`<div class=${classes("field", error && "is-wrong")}>
    <div class="field-head"><label class="field-label" for=${id}>${label}</label>${aside}</div>
    ${children(id, described)}
    ${(error || hint) && html`<p class="field-hint" id=${described}>${error || hint}</p>`}
  </div>`;
}

export function TextField({ label, hint, error, value, onChange, rows = 0, aside, ...rest }) {
  return html`<${Field} label=${label} hint=${hint} error=${error} aside=${aside}>${(id, described) => {
    const shared = { id, value, "aria-describedby": described, "aria-invalid": error ? "true" : undefined, ...rest };
    const onInput = (event) => onChange(event.target.value);
    return rows
      ? html`<textarea rows=${rows} ...${shared} onInput=${onInput}></textarea>`
      : html`<input type="text" ...${shared} onInput=${onInput} />`;
  }}<//>`;
}

/** `options`: `[{value, label}]`. */
export function SelectField({ label, hint, value, onChange, options, aside, isLabelUnseen = false }) {
  const id = useId();
  const select = (name) => html`<span class="select"><select id=${name} value=${value}
    onChange=${(event) => onChange(event.target.value)}>
    ${options.map((one) => html`<option key=${one.value} value=${one.value} selected=${one.value === value}>
      ${one.label}</option>`)}</select><${Icon} name="chevron" size=${16} /></span>`;
  if (isLabelUnseen) return html`<label class="unseen" for=${id}>${label}</label>${select(id)}`;
  return html`<${Field} label=${label} hint=${hint} aside=${aside}>${(name) => select(name)}<//>`;
}

/** A slider with a field beside it, for those who know the number. */
export function NumberField({ label, hint, error, value, onChange, min, max, step = "any", aside }) {
  const hasSlider = min !== undefined && max !== undefined;
  // What is half typed stays as it is, whatever else is drawn meanwhile.
  const [draft, setDraft] = useState(null);
  const taken = (text) => text !== "" && Number.isFinite(Number(text)) && onChange(Number(text));
  const onInput = (event) => {
    setDraft(event.target.value);
    taken(event.target.value);
  };
  return html`<${Field} label=${label} hint=${hint} error=${error} aside=${aside}>${(id, described) => html`
    <div class="number">
      ${hasSlider && html`<input type="range" aria-label=${label} min=${min} max=${max} step=${step} value=${value}
        onInput=${(event) => taken(event.target.value)} />`}
      <input type="number" id=${id} min=${min} max=${max} step=${step} value=${draft ?? value}
        aria-describedby=${described} inputmode="decimal" onInput=${onInput} onBlur=${() => setDraft(null)} />
    </div>`}<//>`;
}

export function Switch({ label, hint, value, onChange, aside }) {
  const id = useId();
  return html`<div class="field is-switch">
    <div class="field-head"><label class="field-label" for=${id}>${label}</label>${aside}
      <input type="checkbox" role="switch" class="switch" id=${id} checked=${value}
        aria-describedby=${hint ? `${id}-hint` : undefined}
        onChange=${(event) => onChange(event.target.checked)} /></div>
    ${hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

export function SearchField({ label, value, onChange, placeholder = label, ...rest }) {
  return html`<div class="search" role="search">
    <${Icon} name="search" size=${18} />
    <input type="search" aria-label=${label} placeholder=${placeholder} value=${value} autocomplete="off"
      spellcheck=${false} onInput=${(event) => onChange(event.target.value)} ...${rest} />
    ${value && html`<${IconButton} icon="close" label="Clear the search" size=${16} onClick=${() => onChange("")} />`}
  </div>`;
}
