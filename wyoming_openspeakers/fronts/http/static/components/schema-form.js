/** A form made from a JSON schema: an engine's parameters need no page of their own. */
import { html, useState } from "../ui.js";
import { IconButton } from "./button.js";
import { NumberField, SelectField, Switch, TextField } from "./fields.js";

const LONG_TEXTS = /instruction|description|prompt|text/;
const STEPS = 100;

/**
 * `values` has only what differs from the defaults, and so has what `onChange` gets: what is not set is left to the
 * service. `leaveOut`: names that have a field elsewhere.
 */
export function SchemaForm({ schema, values, onChange, leaveOut = [] }) {
  const fields = fieldsOf(schema).filter(([name]) => !leaveOut.includes(name));
  const set = (name, value) => {
    const { [name]: _, ...others } = values;
    const standard = plain(schema.properties[name]).default;
    const isStandard = value === undefined || JSON.stringify(value) === JSON.stringify(standard);
    onChange(isStandard ? others : { ...others, [name]: value });
  };
  return fields.map(([name, field]) => html`<${SchemaField} key=${name} name=${name} field=${field}
    isRequired=${(schema.required ?? []).includes(name)} value=${values[name]}
    onChange=${(value) => set(name, value)} />`);
}

/** `[name, schema]` of each field, references and choices with null made plain. */
export function fieldsOf(schema) {
  return Object.entries(schema?.properties ?? {}).map(([name, field]) => [name, plain(field, schema)]);
}

/** A first look at values; the service checks them for good. Gives `{name: what is wrong}`. */
export function problemsOf(schema, values) {
  const found = {};
  for (const [name, field] of fieldsOf(schema)) {
    const value = values[name] ?? field.default;
    const isMissing = value === undefined || value === "";
    if (isMissing && (schema.required ?? []).includes(name)) found[name] = `${titleOf(name, field)} is needed`;
    if (typeof value === "number" && field.minimum !== undefined && value < field.minimum) {
      found[name] = `At least ${field.minimum}`;
    }
    if (typeof value === "number" && field.maximum !== undefined && value > field.maximum) {
      found[name] = `At most ${field.maximum}`;
    }
  }
  return found;
}

function plain(field, root = {}) {
  if (field.$ref) return plain(root.$defs?.[field.$ref.split("/").pop()] ?? {}, root);
  const choices = field.anyOf ?? field.oneOf;
  if (!choices) return field;
  const { anyOf: _, oneOf: __, ...rest } = field;
  return { ...plain(choices.find((choice) => choice.type !== "null") ?? {}, root), ...rest };
}

/** `Repetition penalty` of `repetition_penalty`, unless the schema has a title. */
export function titleOf(name, field = {}) {
  const words = name.replaceAll("_", " ");
  return field.title ?? words.charAt(0).toUpperCase() + words.slice(1);
}

function SchemaField({ name, field, isRequired, value, onChange }) {
  const title = titleOf(name, field);
  const shared = {
    label: isRequired ? `${title} *` : title,
    hint: field.description,
    value: value ?? field.default,
    onChange,
    aside: value !== undefined && html`<${IconButton} icon="refresh" size=${16} label=${`${title}: as it was`}
      onClick=${() => onChange(undefined)} />`,
  };
  if (field.enum) {
    const options = field.enum.map((one) => ({ value: String(one), label: String(one) }));
    const choose = (text) => onChange(field.enum.find((one) => String(one) === text));
    if (field.default === undefined && !isRequired) options.unshift({ value: "", label: "As the engine likes" });
    const chosen = String(shared.value ?? "");
    return html`<${SelectField} ...${shared} value=${chosen} options=${options} onChange=${choose} />`;
  }
  switch (field.type) {
    case "boolean":
      return html`<${Switch} ...${shared} value=${Boolean(shared.value)} />`;
    case "integer":
    case "number":
      return html`<${NumberField} ...${shared} min=${lowest(field)} max=${highest(field)} step=${stepOf(field)}
        error=${problemsOf({ properties: { [name]: field } }, { [name]: value })[name]} />`;
    case "array":
    case "object":
      return html`<${JsonField} ...${shared} />`;
    default:
      return html`<${TextField} ...${shared} value=${shared.value ?? ""} maxLength=${field.maxLength}
        rows=${LONG_TEXTS.test(name) || field.maxLength > 200 ? 3 : 0}
        onChange=${(text) => onChange(text || undefined)} />`;
  }
}

const lowest = (field) => field.minimum ?? (field.exclusiveMinimum !== undefined ? field.exclusiveMinimum : undefined);
const highest = (field) => field.maximum ?? (field.exclusiveMaximum !== undefined ? field.exclusiveMaximum : undefined);

/** A hundredth of what there is, as a round number; the seed of chance has whole ones. */
function stepOf(field) {
  if (field.multipleOf) return field.multipleOf;
  if (field.type === "integer") return 1;
  const range = highest(field) - lowest(field);
  return Number.isFinite(range) && range > 0 ? 10 ** Math.floor(Math.log10(range / STEPS) + 0.5) : "any";
}

function JsonField({ value, onChange, ...shared }) {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value));
  const [error, setError] = useState("");
  const onText = (next) => {
    setText(next);
    try {
      onChange(next.trim() ? JSON.parse(next) : undefined);
      setError("");
    } catch {
      setError("This is not JSON yet, such as [1, 2] or {\"a\": 1}");
    }
  };
  return html`<${TextField} ...${shared} value=${text} error=${error} rows=${2} spellcheck=${false}
    onChange=${onText} />`;
}
