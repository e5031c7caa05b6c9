/** Something that is asked of the service while a component is shown. */
import { isAbort } from "../api.js";
import { useCallback, useEffect, useRef, useState } from "../ui.js";

/**
 * `const {data, error, isLoading, reload} = useLoad((signal) => api.get("api/models", {}, {signal}), [page])`.
 * Asked again when `inputs` change; what was there stays until the answer comes. `every`: seconds between looks.
 */
export function useLoad(load, inputs = [], { every = 0 } = {}) {
  const [state, setState] = useState({ data: null, error: null, isLoading: true });
  const current = useRef(load);
  current.current = load;
  const running = useRef(null);

  const reload = useCallback(async () => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setState((old) => ({ ...old, isLoading: true }));
    try {
      const data = await current.current(abort.signal);
      if (!abort.signal.aborted) setState({ data, error: null, isLoading: false });
    } catch (error) {
      if (!isAbort(error) && !abort.signal.aborted) setState((old) => ({ ...old, error, isLoading: false }));
    }
  }, []);

  useEffect(() => {
    reload();
    const timer = every && setInterval(() => document.visibilityState === "visible" && reload(), every * 1000);
    return () => {
      clearInterval(timer);
      running.current?.abort();
    };
  }, [...inputs, every]);

  return { ...state, reload };
}
