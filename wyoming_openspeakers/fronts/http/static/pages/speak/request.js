/** What is asked of the service: a text, a voice, and how. */
import { addressOf, hasKey } from "../../api.js";

/** `choice`: `{voice, values, language, seed}`; `voice` is null to go by the language of the text. */
export function requestBody(text, choice, schema) {
  const body = { model: choice.voice?.model ?? "", input: text };
  if (choice.voice) body.voice = choice.voice.id;
  const extra = {};
  for (const [name, value] of Object.entries(choice.values)) {
    if (schema && !(name in schema.properties)) continue;
    if (schema?.properties[name]["x-in"] === "extra") extra[name] = value;
    else body[name] = value;
  }
  if (choice.language) body.language = choice.language;
  if (choice.seed !== "") body.seed = Number(choice.seed);
  if (Object.keys(extra).length) body.extra = extra;
  return body;
}

/** The same as a command. The key is not in it: whoever runs it has it in a variable. */
export function curlLine(body, format) {
  const parts = [`curl ${quoted(addressOf("v1/audio/speech").href)}`];
  if (hasKey()) parts.push('-H "Authorization: Bearer $OPENSPEAKERS_KEY"');
  parts.push("-H 'Content-Type: application/json'");
  parts.push(`-d ${quoted(JSON.stringify({ ...body, response_format: format }))}`);
  parts.push(`-o speech.${format}`);
  return parts.join(" \\\n  ");
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
