/** The ways in which others reach the service, as they are now. */
import { api } from "../../api.js";
import { CopyButton } from "../../components/copy-button.js";
import { Failed, Loading } from "../../components/empty-state.js";
import { Card } from "../../components/page-head.js";
import { prose, sentence } from "../../components/prose.js";
import { Badge, Note } from "../../components/status.js";
import { count } from "../../components/words.js";
import { useLoad } from "../../state/load.js";
import { html } from "../../ui.js";

const EVERY = 3;

/** Kind and words of the badge, and what there is to know. */
const MQTT = {
  off: ["plain", "Off", "Set `mqtt.host` to make the service a device of the house."],
  connecting: ["busy", "Connecting", "The service becomes a device of the house."],
  connected: ["good", "Connected", "The service is a device of the house."],
  disconnected: ["bad", "Disconnected", "It is tried again and again; speech does not wait for it."],
};

const DISCOVERY = {
  off: ["plain", "Off", "Home Assistant must be told the address. Set `wyoming.zeroconf` to be found."],
  starting: ["busy", "Starting", "Home Assistant finds the service by itself in a moment."],
  announced: ["good", "Announced", "Home Assistant finds the service by itself."],
  failed: ["bad", "Not announced", "Home Assistant must be told the address for now."],
};

export function Fronts() {
  const look = (signal) => api.get("api/system/fronts", {}, { signal });
  const { data, error, reload } = useLoad(look, [], { every: EVERY });
  if (!data) {
    return html`<${Card} title="Ways in">${error ? html`<${Failed} error=${error} onRetry=${reload} />`
      : html`<${Loading} />`}<//>`;
  }
  const { wyoming, http, mqtt, discovery } = data;
  return html`<${Card} title="Ways in"><ul class="plain-list">
    <${Front} name="Wyoming" addresses=${wyoming.addresses}
      standing=${["good", count(wyoming.clients.length, "client"), "Home Assistant and satellites connect here."]}>
      ${wyoming.clients.length > 0 && `Connected: ${callers(wyoming.clients)}.`}<//>
    <${Front} name="HTTP" addresses=${[http.public_url, http.address].filter(Boolean)}
      standing=${["good", "On", "OpenAI's clients, this console, and programs connect here."]}>
      <a href="docs">What it can be asked</a>.
      ${" "}${http.wants_key ? "Clients must show the key." : prose("No key is needed; `http.api_key` sets one.")}
      ${" "}${http.has_tls ? "They come by TLS." : "Without TLS; a proxy can add it."}<//>
    <${Front} name="Discovery" standing=${DISCOVERY[discovery.state]} addresses=${discovery.addresses}
      problem=${discovery.problem}>${discovery.name && `It is called ${discovery.name}.`}<//>
    <${Front} name="MQTT" standing=${MQTT[mqtt.state]} addresses=${mqtt.broker ? [mqtt.broker] : []}
      problem=${mqtt.problem} />
  </ul><//>`;
}

/** `192.168.1.5, local (3 times)` */
function callers(clients) {
  const times = new Map();
  for (const client of clients) times.set(client, (times.get(client) ?? 0) + 1);
  return [...times].map(([client, many]) => (many > 1 ? `${client} (${many} times)` : client)).join(", ");
}

function Front({ name, standing: [kind, text, words], addresses, problem, children }) {
  return html`<li class="front">
    <div class="front-head"><strong>${name}</strong><${Badge} kind=${kind}>${text}<//></div>
    ${addresses.map((address) => html`<div key=${address} class="row address"><code>${address}</code>
      <${CopyButton} text=${address} label=${html`Copy<span class="unseen"> ${address}</span>`} /></div>`)}
    ${problem && html`<${Note} kind="bad">${sentence(problem)}<//>`}
    <p class="soft">${prose(words)} ${children}</p>
  </li>`;
}
