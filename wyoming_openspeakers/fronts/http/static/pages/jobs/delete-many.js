/** Deletes many entries, and tells how far it is. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { Dialog, confirm } from "../../components/dialog.js";
import { Progress } from "../../components/status.js";
import { toast, toastError } from "../../components/toasts.js";
import { count } from "../../components/words.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { done } from "./actions.js";
import { isOver } from "./words.js";

const AT_ONCE = 4;
const MOST_ASKED = 100;

const entries = (number) => count(number, "entry", "entries");
const asked = (title, text) => confirm({ title, text, action: "Delete", isDanger: true });

/** Deletes what somebody listened to, which the service does in one go. */
export async function clearLive() {
  const text = "Everything that somebody listened to goes for good, and its audio with it. Jobs and batches stay.";
  if (await asked("Delete what was listened to?", text)) await clear();
}

async function clear() {
  try {
    const { deleted } = await api.delete("api/history");
    toast(`${entries(deleted)} deleted.`, { kind: "good" });
    done();
    return deleted;
  } catch (error) {
    toastError(error);
    return 0;
  }
}

/** The work of deleting these; null when somebody would rather not. */
export async function removeThese(ids) {
  const is = await asked(`Delete ${entries(ids.length)}?`, "They go for good, and their audio with them.");
  return is ? { total: ids.length, next: once(ids) } : null;
}

/** The work of deleting what a search finds; null when somebody would rather not, or when nothing is left to do. */
export async function removeFound(filters, { total }) {
  const text = "They go for good, and their audio with them. What is still to be spoken stays.";
  if (!(await asked(`Delete ${entries(total)}?`, text))) return null;
  // One by one a long history takes minutes.
  const hasAllLive = Object.entries(filters).every(([name, value]) => !value || (name === "kind" && value === "live"));
  const rest = total - (hasAllLive ? await clear() : 0);
  return rest > 0 ? { total: rest, next: pages(filters) } : null;
}

const once = (ids) => {
  let rest = ids;
  return async () => rest.splice(0, MOST_ASKED);
};

/** The ids of one page after the other. What stays fills up the first pages, and is not given twice. */
function pages(filters) {
  const given = new Set();
  let page = 1;
  return async () => {
    for (;; page += 1) {
      const found = (await api.get("api/history", { ...filters, page, page_size: MOST_ASKED })).entries;
      const ids = found.filter(isOver).map(({ id }) => id).filter((id) => !given.has(id));
      ids.forEach((id) => given.add(id));
      if (ids.length || !found.length) return ids;
    }
  };
}

/** Does `work`, and shows it: `{total, next()}`, where `next` gives ids as long as there are any. */
export function Deleting({ work, onOver }) {
  const [gone, setGone] = useState(0);
  const isEnded = useRef(false);
  useEffect(() => {
    run(work.next, () => isEnded.current, () => setGone((old) => old + 1)).catch(toastError).finally(() => {
      done();
      onOver();
    });
    return () => {
      isEnded.current = true;
    };
  }, []);
  const stop = () => {
    isEnded.current = true;
  };
  return html`<${Dialog} title="Deleting" onClose=${stop}
    footer=${html`<${Button} icon="stop" onClick=${stop}>Stop<//>`}>
    <${Progress} label="Deleted" value=${gone / work.total} text=${`${gone} of ${work.total.toLocaleString()}`} />
  <//>`;
}

async function run(next, isEnded, onDone) {
  for (let ids = await next(); ids.length && !isEnded(); ids = await next()) {
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (ids.length && !isEnded()) {
        await api.delete(`api/history/${ids.pop()}`).catch((error) => {
          // Somebody else was quicker.
          if (error.status !== 404) throw error;
        });
        onDone();
      }
    }));
  }
}
