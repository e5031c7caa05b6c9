/** What happens in the service, as it happens: web sockets that come back by themselves. */
import { api, isAbort, socketAddress } from "./api.js";
import { Store } from "./state/store.js";
import { useEffect, useRef, useState } from "./ui.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/**
 * Keeps a web socket open: `open("ws/gpu", {onMessage, onState})`; gives what closes it for good.
 * `query` is asked for anew at each connection. States: connecting, open, waiting.
 */
export function open(path, { onMessage, onState = () => {}, query = () => ({}), until = () => false }) {
  let socket = null;
  let timer = 0;
  let tries = 0;
  let isOver = false;

  function connect() {
    clearTimeout(timer);
    onState("connecting");
    socket = new WebSocket(socketAddress(path, query()));
    let wasOpen = false;
    socket.onopen = () => {
      wasOpen = true;
      tries = 0;
      onState("open");
    };
    socket.onmessage = (event) => !isOver && onMessage(JSON.parse(event.data));
    socket.onclose = async () => {
      if (isOver || until()) return;
      onState("waiting");
      const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries) * (0.75 + Math.random() / 2);
      tries += 1;
      timer = setTimeout(wasOpen ? connect : connectWithKey, wait);
    };
  }

  /** A browser does not say why a socket would not open: an ordinary request does, and asks for the key. */
  async function connectWithKey() {
    try {
      await api.get("api/system/queue");
    } catch (error) {
      if (!isAbort(error) && error.status === 401) return;
    }
    if (!isOver) connect();
  }

  function hurry() {
    if (!isOver && document.visibilityState === "visible" && socket.readyState === WebSocket.CLOSED) {
      tries = 0;
      clearTimeout(timer);
      connect();
    }
  }

  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  connect();
  return () => {
    isOver = true;
    clearTimeout(timer);
    removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurry);
    socket.close();
  };
}

/** The connection to the service: connecting, open or waiting. */
export const connection = new Store("connecting");

/** How things stood when the connection was made: `{started, models, downloads, jobs}`. */
export const snapshot = new Store(null);

const listeners = new Set();
let last = 0;
let isFollowing = false;

/** Calls `listener(event)` with all events from now on; gives what ends that. For components there is `useEvents`. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Follows all events, once for the whole console. After a break, what was missed comes first; after a restart of the
 * service, whose numbers begin anew, it tells all that it has.
 */
export function follow() {
  if (isFollowing) return;
  isFollowing = true;
  open("ws/events", {
    query: () => ({ since: last }),
    onState: (state) => connection.set(state),
    onMessage(event) {
      last = event.seq;
      if (event.type === "snapshot") snapshot.set(event.data);
      for (const listener of [...listeners]) listener(event);
    },
  });
}

/** Calls `handler(event)` for events of these types while the component is shown: `useEvents(["job_changed"], ...)`. */
export function useEvents(types, handler) {
  const current = useRef(handler);
  current.current = handler;
  useEffect(() => {
    const wanted = new Set(types);
    return listen((event) => wanted.has(event.type) && current.current(event));
  }, [types.join()]);
}

/** The last message of a web socket while the component is shown: `const {message, state} = useSocket("ws/gpu")`. */
export function useSocket(path, onMessage) {
  const [message, setMessage] = useState(null);
  const [state, setState] = useState("connecting");
  const current = useRef(onMessage);
  current.current = onMessage;
  useEffect(() => {
    if (!path) return undefined;
    return open(path, {
      onState: setState,
      onMessage(told) {
        setMessage(told);
        current.current?.(told);
      },
    });
  }, [path]);
  return { message, state };
}
