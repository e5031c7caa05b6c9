/** What can be done with what was spoken, or is to be. */
import { api } from "../../api.js";
import { fileName, save } from "../../audio/save.js";
import { confirm } from "../../components/dialog.js";
import { toast, toastError } from "../../components/toasts.js";
import { Store } from "../../state/store.js";
import { titleOf } from "./words.js";

/** What `/api/history` has of an entry's audio; a browser cannot play samples without a head. */
export const audioPath = ({ id, format }) => `api/history/${id}/audio${format === "pcm" ? "?format=wav" : ""}`;

/** How often something was done here: what is shown follows at once. */
export const deeds = new Store(0);

export const done = () => deeds.update((before) => before + 1);

/** True when it worked; what went wrong is told. */
async function told(work) {
  try {
    await work();
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

async function deed(work) {
  const isDone = await told(work);
  if (isDone) done();
  return isDone;
}

/** Speaks it once more, in the same way, as a job. */
export const again = (entry) => deed(async () => {
  await api.post("api/tts/generate", {
    ...entry.parameters,
    text: entry.text,
    model_id: entry.model,
    voice_id: entry.profile ?? entry.voice,
    language: entry.language,
    output_format: (entry.kind !== "live" && entry.format) || "mp3",
  });
  toast("It is being spoken again.", { kind: "good" });
});

export const download = (entry, format = entry.format) => told(async () => {
  save(await api.blob(`api/history/${entry.id}/audio`, { format }), fileName(entry.text ?? "", format));
});

export const subtitles = (entry, ending) => told(async () => {
  save(await api.blob(`api/tts/jobs/${entry.id}/words.${ending}`), fileName(entry.text ?? "", ending));
});

export const downloadBatch = (id) => told(async () => {
  save(await api.blob(`api/tts/batches/${id}/zip`), `batch-${id.slice(0, 8)}.zip`);
});

export const cancel = (id) => deed(() => api.delete(`api/tts/jobs/${id}`));

export const cancelBatch = (id) => deed(() => api.delete(`api/tts/batches/${id}`));

/** Asks first. */
export async function remove(entry) {
  const isMeant = await confirm({
    title: "Delete this?", text: `“${titleOf(entry)}” goes for good, and its audio with it.`, action: "Delete",
    isDanger: true,
  });
  if (!isMeant || !(await deed(() => api.delete(`api/history/${entry.id}`)))) return false;
  // The button that had the focus is gone with it.
  document.getElementById("main")?.focus({ preventScroll: true });
  return true;
}
