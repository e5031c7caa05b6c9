/** Keeps a part of the page in step with the service. */
import { snapshot, useEvents } from "../../live.js";
import { useLoad } from "../../state/load.js";
import { useStore } from "../../state/store.js";
import { useEffect, useRef, useState } from "../../ui.js";
import { deeds } from "./actions.js";

/** The history is written a moment after something has ended. */
const SETTLED = 500;

/**
 * As `useLoad`, and anew whenever a request changes, when the service has come back, and when something was done here.
 * `isBusy(data)` says that it goes on changing: then it is asked each second too.
 */
export function useLive(load, inputs, isBusy = () => false) {
  const began = useStore(snapshot);
  const deed = useStore(deeds);
  const [every, setEvery] = useState(0);
  const found = useLoad(load, [...inputs, began, deed], { every });
  useEffect(() => setEvery(found.data && isBusy(found.data) ? 1 : 0), [found.data]);
  const timer = useRef(0);
  useEvents(["job_changed", "speech_ended"], () => {
    timer.current ||= setTimeout(() => {
      timer.current = 0;
      found.reload();
    }, SETTLED);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return found;
}
