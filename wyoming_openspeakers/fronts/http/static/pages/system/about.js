/** What runs here: version, machine, processes. */
import { api } from "../../api.js";
import { Failed, Loading } from "../../components/empty-state.js";
import { Card } from "../../components/page-head.js";
import { count, duration } from "../../components/words.js";
import { useLoad } from "../../state/load.js";
import { html } from "../../ui.js";

const EVERY = 15;

export function About() {
  const { data, error, reload } = useLoad((signal) => api.get("api/system/info", {}, { signal }), [], { every: EVERY });
  if (!data) {
    return html`<${Card} title="About">${error ? html`<${Failed} error=${error} onRetry=${reload} />`
      : html`<${Loading} />`}<//>`;
  }
  const facts = [
    ["Version", data.version],
    ["Running for", duration(data.uptime)],
    ["Speaks on", data.device],
    ["Machine", `${data.machine}, ${count(data.cores, "core")}`],
    ["System", data.platform],
    ["Python", data.python],
    ["Data folder", data.data_folder],
    ["Processes with models", data.workers.map(shown).join(", ") || "none"],
  ];
  return html`<${Card} title="About"><dl class="facts">${facts.map(([name, value]) => html`<div key=${name}>
    <dt>${name}</dt><dd>${value}</dd></div>`)}</dl><//>`;
}

const shown = ({ name, busy }) => `${name} (${busy ? `${count(busy, "sentence")} in work` : "idle"})`;
