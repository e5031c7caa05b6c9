/** How the service is set; to be read only: settings live in a file, the environment or flags. */
import { api } from "../../api.js";
import { EmptyState, Failed, Loading } from "../../components/empty-state.js";
import { SearchField } from "../../components/fields.js";
import { Card } from "../../components/page-head.js";
import { useLoad } from "../../state/load.js";
import { html, useState } from "../../ui.js";

export function Configuration() {
  const { data, error, reload } = useLoad((signal) => api.get("api/system/config", {}, { signal }));
  const [search, setSearch] = useState("");
  const rows = data ? flat(data).filter(([name]) => name.includes(search.toLowerCase().trim())) : [];
  return html`<${Card} title="Configuration">
    <p class="soft">As it is in effect. Keys and passwords are hidden. Change it in your configuration file, then start
      the service again.</p>
    ${error && !data && html`<${Failed} error=${error} onRetry=${reload} />`}
    ${!data && !error && html`<${Loading} />`}
    ${data && html`<${SearchField} label="Search settings" value=${search} onChange=${setSearch} />
      <div class="facts-frame" role="region" tabindex="0" aria-label="Settings">
        <dl class="facts is-code">${rows.map(([name, value]) => html`<div key=${name}>
          <dt>${name}</dt><dd>${value}</dd></div>`)}</dl></div>
      ${!rows.length && html`<${EmptyState} icon="search" title="No such setting">Try a part of its name.<//>`}`}
  <//>`;
}

/** `[["http.address", "127.0.0.1:8080"]]` of a tree. */
function flat(tree, above = "") {
  return Object.entries(tree).flatMap(([name, value]) => {
    const hasParts = value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length;
    return hasParts ? flat(value, `${above}${name}.`) : [[`${above}${name}`, shown(value)]];
  });
}

const shown = (value) => (value === "" ? "–" : typeof value === "string" ? value : JSON.stringify(value));
