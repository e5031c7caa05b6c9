/** The ways in which others reach the service. */
import { api } from "../../api.js";
import { CopyButton } from "../../components/copy-button.js";
import { Failed, Loading } from "../../components/empty-state.js";
import { Card } from "../../components/page-head.js";
import { Badge } from "../../components/status.js";
import { useLoad } from "../../state/load.js";
import { html } from "../../ui.js";

export function Fronts() {
  const { data, error, reload } = useLoad(async (signal) => {
    const [info, config] = await Promise.all([
      api.get("api/system/info", {}, { signal }), api.get("api/system/config", {}, { signal }),
    ]);
    return { info, config };
  });
  if (!data) {
    return html`<${Card} title="Ways in">${error ? html`<${Failed} error=${error} onRetry=${reload} />`
      : html`<${Loading} />`}<//>`;
  }
  const { info, config } = data;
  const wyoming = info.addresses.filter((address) => !address.startsWith("http"));
  const http = info.addresses.filter((address) => address.startsWith("http"));
  return html`<${Card} title="Ways in"><ul class="plain-list">
    <${Front} name="Wyoming" isOn addresses=${wyoming}>Home Assistant and satellites connect here.<//>
    <${Front} name="HTTP" isOn addresses=${http}>OpenAI's clients, this console, and programs.
      ${" "}<a href="docs">What it can be asked</a><//>
    <${Front} name="Discovery" isOn=${config.wyoming.zeroconf}>${config.wyoming.zeroconf
      ? "Home Assistant finds the service by itself."
      : html`Home Assistant must be told the address. Set <code>wyoming.zeroconf</code> to be found.`}<//>
    <${Front} name="MQTT" isOn=${Boolean(config.mqtt.host)}
      addresses=${config.mqtt.host ? [`${config.mqtt.host}${config.mqtt.port ? `:${config.mqtt.port}` : ""}`] : []}>
      ${config.mqtt.host ? "The service is a device of the house." : html`Set <code>mqtt.host</code> to make the service
      a device of the house.`}<//>
  </ul><//>`;
}

function Front({ name, isOn, addresses = [], children }) {
  return html`<li class="front">
    <div class="front-head"><strong>${name}</strong>
      <${Badge} kind=${isOn ? "good" : "plain"}>${isOn ? "On" : "Off"}<//></div>
    ${addresses.map((address) => html`<div key=${address} class="row address"><code>${address}</code>
      <${CopyButton} text=${address} label=${html`Copy<span class="unseen"> ${address}</span>`} /></div>`)}
    <p class="soft">${children}</p>
  </li>`;
}
