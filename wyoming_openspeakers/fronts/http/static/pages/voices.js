/** Voices: to be written. */
import { EmptyState } from "../components/empty-state.js";
import { Card, PageHead } from "../components/page-head.js";
import { html } from "../ui.js";

export function Voices() {
  return html`<${PageHead} title="Voices" />
    <${Card}><${EmptyState} icon="mic" title="Your voices live here">
      Clone a voice from a recording, keep presets, and give them names that Home Assistant shows.
      This page is on its way; until then, <a href="docs">the HTTP interface</a> does all of it.<//><//>`;
}
