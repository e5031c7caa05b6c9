/** Why models could not be loaded, from the moment the console was opened: only the event tells. */
import { listen } from "../live.js";
import { Store } from "./store.js";

/** `{time, error}` by the ids of models. */
const failures = new Store(new Map());

/** Begins to listen. */
export function watchFailures() {
  listen(({ type, time, data }) => {
    if (type === "model_state_changed") {
      failures.update((old) => new Map(old).set(data.model, { time, error: data.error }));
    }
    // What failed before the service was started again may not fail any more.
    if (type === "snapshot") failures.update((old) => new Map([...old].filter(([, one]) => one.time >= data.started)));
  });
}

export const failureOf = (model) => (model.status === "cold" && failures.value.get(model.id)?.error) || null;
