/** Something that is asked of the service: whether it goes on, and what went wrong, in words. */
import { isAbort } from "../../api.js";
import { prose } from "../../components/prose.js";
import { Note } from "../../components/status.js";
import { html, useState } from "../../ui.js";

/** `const {isBusy, error, run} = useDeed()`; `run(async () => ...)` */
export function useDeed() {
  const [state, setState] = useState({ isBusy: false, error: null });
  const run = async (deed) => {
    setState({ isBusy: true, error: null });
    let error = null;
    try {
      await deed();
    } catch (failure) {
      if (!isAbort(failure)) error = failure;
    }
    setState({ isBusy: false, error });
  };
  return { ...state, run };
}

/** Whether the model has refused a recording because it does not know what is said in it. */
export const needsWords = (error) => error?.param === "reference_text";

/** At fields of these names, what the service has against them. */
export const errorsOf = (error) => (error?.param ? { [error.param]: error.message } : {});

/** `<${Problem} error=${error} />`, or with words of one's own; nothing where nothing went wrong. */
export function Problem({ error, children }) {
  if (!error && !children) return null;
  const words = needsWords(error) ? "The model reads along: write under each recording what is said in it."
    : children || prose(error.message);
  return html`<div role="alert"><${Note} kind="bad">${words}<//></div>`;
}
