/** What went wrong lately, and what can be done about it. */
import { api } from "../../api.js";
import { EmptyState } from "../../components/empty-state.js";
import { Icon } from "../../components/icon.js";
import { Card } from "../../components/page-head.js";
import { prose } from "../../components/prose.js";
import { ago } from "../../components/words.js";
import { hrefOf } from "../../router.js";
import { useLoad } from "../../state/load.js";
import { problems } from "../../state/problems.js";
import { useStore } from "../../state/store.js";
import { html } from "../../ui.js";

const MOST = 10;
const DAY = 86_400_000;

const PLACES = { models: "Open Models", jobs: "Open Jobs" };

export function Problems() {
  const live = useStore(problems);
  const { data } = useLoad(
    (signal) => api.get("api/history", { status: "failed", page_size: MOST }, { signal }), [live.length],
  );
  const found = [...live.filter((one) => one.page !== "jobs"), ...(data?.entries ?? []).map(ofEntry)]
    .filter((one) => Date.now() - one.time < 7 * DAY)
    .sort((one, other) => other.time - one.time)
    .slice(0, MOST);
  return html`<${Card} title="Recent problems">
    ${found.length ? html`<ul class="plain-list">${found.map(drawn)}</ul>`
      : html`<${EmptyState} icon="check" title="All is well">Whatever goes wrong is told here, with what to do.<//>`}
  <//>`;
}

const drawn = ({ time, title, text, page }) => html`<li key=${`${time} ${title}`} class="problem">
  <${Icon} name="alert" />
  <div><strong>${title}</strong> <span class="soft">${ago(time)}</span>
    <p>${prose(text)}</p>
    ${PLACES[page] && html`<a href=${hrefOf(page)}>${PLACES[page]}</a>`}</div>
</li>`;

const ofEntry = (entry) => ({
  time: new Date(entry.completed_at ?? entry.created_at).getTime(),
  title: `${entry.voice ?? entry.model ?? "A voice"} could not speak`,
  text: entry.error ?? "The log of the service says more.",
  page: "jobs",
});
