/** A form that makes a voice: what is missing is said when one goes on, and the voice is shown once it is there. */
import { toast } from "../../components/toasts.js";
import { go } from "../../router.js";
import { useState } from "../../ui.js";
import { errorsOf, useDeed } from "./deed.js";

/**
 * `missing`: what is wrong, by the names of fields; `make()` asks the service for the voice; `places`: selectors of
 * what is no field, by the same names. Gives `{submit, isBusy, error, errors}`, the last by names of fields too.
 */
export function useMaking({ missing, make, onMade, places = {} }) {
  const [isTried, setIsTried] = useState(false);
  const { isBusy, error, run } = useDeed();
  const submit = (event) => {
    event.preventDefault();
    setIsTried(true);
    const [first] = Object.keys(missing);
    const form = event.currentTarget;
    if (first) setTimeout(() => form.querySelector(places[first] ?? "[aria-invalid]")?.focus());
    else {
      run(async () => {
        const made = await make();
        toast(`${made.name} is there`, { kind: "good" });
        await onMade();
        go(`voices/of/${made.id}`);
      });
    }
  };
  return { submit, isBusy, error, errors: { ...errorsOf(error), ...(isTried ? missing : {}) } };
}
