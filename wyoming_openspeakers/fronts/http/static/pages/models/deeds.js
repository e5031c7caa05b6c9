/** What can be done to models, each with its error in words. */
import { api } from "../../api.js";
import { confirm } from "../../components/dialog.js";
import { toast, toastError } from "../../components/toasts.js";
import { bytes } from "../../components/words.js";
import { useState } from "../../ui.js";

/** `[isBusy, run]`: `run(deed)` waits for it and tells what goes wrong; true when it went well. */
export function useDeed() {
  const [isBusy, setIsBusy] = useState(false);
  const run = async (deed) => {
    setIsBusy(true);
    try {
      await deed();
      return true;
    } catch (error) {
      toastError(error);
      return false;
    } finally {
      setIsBusy(false);
    }
  };
  return [isBusy, run];
}

export const fetchModel = (id, voice = "") => api.post(`api/models/${id}/download`, { voice });
export const cancel = (download) => api.delete(`api/downloads/${download.name}`);
export const load = (model) => api.post(`api/models/${model.id}/load`, {});
export const park = (model) => api.post(`api/models/${model.id}/park`);
export const unload = (model) => api.delete(`api/models/${model.id}/load`);

/** Deletes the files of a model, or of one voice, when somebody says yes. */
export async function remove(model, voice = "") {
  const name = voice || model.name;
  const size = voice ? "" : `, ${bytes(model.disk_bytes)} of them`;
  const isSure = await confirm({
    title: `Delete ${name}?`,
    text: `Its files${size} go from the disk, and it is silent until they are downloaded again. `
      + "Voices that you made stay.",
    action: "Delete",
    isDanger: true,
  });
  if (!isSure) return;
  const { freed_bytes: freed } = await api.delete(`api/models/${model.id}/files`, { voice });
  toast(`${name} is deleted: ${bytes(freed)} are free.`, { kind: "good" });
}
