/** Deletes many entries in one go, after a question that tells how many; `begin` is called when it is answered. */
import { api } from "../../api.js";
import { confirm } from "../../components/dialog.js";
import { toast, toastError } from "../../components/toasts.js";
import { count } from "../../components/words.js";
import { done } from "./actions.js";
import { askedOf, wordsOf } from "./filters.js";

const entries = (number) => count(number, "entry", "entries");

/** What somebody listened to. */
export const removeListened = (begin) => removeAll({ kind: "live" },
  "Everything that somebody listened to goes for good, and its audio with it. Jobs and batches stay.", begin);

/** All that filters find, on any page. */
export function removeFound(filters, begin) {
  const which = wordsOf(filters);
  const what = which ? `${which}: all of this` : "Everything that was ever spoken";
  const query = which ? askedOf(filters) : { all: true };
  return removeAll(query, `${what} goes for good, and its audio with it. What is still to be spoken stays.`, begin);
}

async function removeAll(query, text, begin) {
  try {
    const { total, is_total_exact: isExact } = await api.get("api/history", { ...query, page_size: 1 });
    const what = `${isExact ? "" : "about "}${entries(total)}`;
    return await asked(what, text, begin, () => api.delete("api/history", query));
  } catch (error) {
    toastError(error);
    return false;
  }
}

/** Those that somebody has picked. */
export const removeThese = (ids, begin) => asked(
  entries(ids.length), "They go for good, and their audio with them.", begin,
  () => api.delete(`api/history?${ids.map((id) => `id=${id}`).join("&")}`),
);

/** True when somebody said yes and it is done. */
async function asked(what, text, begin, work) {
  if (!(await confirm({ title: `Delete ${what}?`, text, action: "Delete", isDanger: true }))) return false;
  begin();
  try {
    const { deleted } = await work();
    toast(`${entries(deleted)} deleted.`, { kind: "good" });
    return true;
  } catch (error) {
    toastError(error);
    return false;
  } finally {
    done();
  }
}
