/** Asks the service: relative to wherever the console lives, with the key, and with errors in words. */
import { keep, kept } from "./state/kept.js";
import { Store } from "./state/store.js";
import { upload } from "./upload.js";

const BASE = new URL("../../", import.meta.url);
const SESSION = { isForSession: true };

/** Whether the service wants a key: `null`, or `{isWrong, answer(key)}` while somebody is asked for it. */
export const wantedKey = new Store(null);

let key = kept("key", SESSION);
let asking = null;

/** What went wrong, in words that can be shown. */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "", param = null, retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { status, code, param, retryAfter });
  }

  /** The service could not be reached at all. */
  get isOffline() {
    return this.status === 0;
  }
}

/** The full address of something of the service: `addressOf("api/models", {page: 2})`. */
export function addressOf(path, query = {}) {
  const url = new URL(path.replace(/^\//, ""), BASE);
  for (const [name, value] of Object.entries(query)) {
    if (value !== "" && value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** The address of a web socket, with the key where there is one: browsers cannot send it otherwise. */
export function socketAddress(path, query = {}) {
  const url = addressOf(path, key ? { ...query, token: key } : query);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

export const hasKey = () => key !== "";

/**
 * Asks, and gives the browser's Response once its head is there.
 * `body`: an object goes as JSON, a FormData as a form; `onProgress` is told how much of it is sent, from 0 to 1.
 * Throws ApiError; an `AbortError` when `signal` says so.
 */
export async function ask(method, path, { body, query, signal, onProgress } = {}) {
  for (;;) {
    const used = key;
    const response = await send(method, path, body, query, signal, onProgress);
    if (response.ok) return response;
    const error = await errorOf(response);
    if (error.status !== 401) throw error;
    if (used !== key) continue;
    if (!(await askForKey(used !== ""))) throw error;
  }
}

async function json(method, path, options) {
  const response = await ask(method, path, options);
  return response.status === 204 ? null : response.json();
}

export const api = {
  get: (path, query, options) => json("GET", path, { query, ...options }),
  post: (path, body, options) => json("POST", path, { body, ...options }),
  patch: (path, body, options) => json("PATCH", path, { body, ...options }),
  delete: (path, query, options) => json("DELETE", path, { query, ...options }),
  /** A file: audio, a ZIP archive. */
  blob: async (path, query, options) => (await ask("GET", path, { query, ...options })).blob(),
};

/** Somebody has hung up on purpose: nothing to tell. */
export const isAbort = (error) => error?.name === "AbortError";

async function send(method, path, body, query, signal, onProgress) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  let payload;
  if (body instanceof FormData) payload = body;
  else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    payload = JSON.stringify(body);
  }
  const address = addressOf(path, query);
  const options = { method, headers, body: payload, signal, cache: "no-store", credentials: "same-origin" };
  try {
    return await (onProgress ? upload(address, options, onProgress) : fetch(address, options));
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("The service does not answer. It may be starting again, or the network is down.");
  }
}

async function errorOf(response) {
  let told = {};
  try {
    told = await response.json();
  } catch {
    // A proxy in between answers in its own way.
  }
  const { detail, error } = told;
  return new ApiError(detail ?? error?.message ?? `The answer was ${response.status} ${response.statusText}.`, {
    status: response.status,
    code: told.code ?? error?.code ?? "",
    param: told.param ?? error?.param ?? null,
    retryAfter: Number(response.headers.get("Retry-After") ?? 0),
  });
}

/** Waits until somebody has given a key; false when they would not. Many requests ask once. */
function askForKey(isWrong) {
  asking ??= new Promise((resolve) => {
    wantedKey.set({
      isWrong,
      answer(given) {
        asking = null;
        wantedKey.set(null);
        if (given) {
          key = given;
          keep("key", given, SESSION);
        }
        resolve(Boolean(given));
      },
    });
  });
  return asking;
}
