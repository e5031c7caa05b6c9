/** A download: how far it is, how fast, how long it takes, and a way to stop it; or why it ended. */
import { Button } from "../../components/button.js";
import { prose } from "../../components/prose.js";
import { Note, Progress } from "../../components/status.js";
import { bytes, duration } from "../../components/words.js";
import { html } from "../../ui.js";
import { cancel, useDeed } from "./deeds.js";
import { isActive } from "./standing.js";

/** Nothing where it is complete, or was stopped on purpose. */
export function Arriving({ download }) {
  const [isBusy, run] = useDeed();
  if (download.state === "failed") return html`<${Note} kind="bad">${prose(download.error)}<//>`;
  if (!isActive(download)) return null;
  const { name, done, total, rate, remaining, state } = download;
  const words = state === "waiting" ? "Waits for its turn" : total ? `${bytes(done)} of ${bytes(total)}` : "Beginning";
  const speed = [rate > 0 && `${bytes(rate)}/s`, remaining !== null && `${duration(remaining)} left`].filter(Boolean);
  return html`<div class="arriving">
    <${Progress} label=${name} value=${total ? done / total : null} text=${words} />
    <div class="arriving-foot"><span class="soft">${speed.join(" · ")}</span>
      <${Button} icon="close" kind="quiet" isBusy=${isBusy} onClick=${() => run(() => cancel(download))}>Cancel<span
        class="unseen"> the download of ${name}</span><//></div>
  </div>`;
}
