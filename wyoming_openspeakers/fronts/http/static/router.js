/** Which page is shown: `#/jobs?search=dinner&page=2`. Behind the hash, so that it works under any prefix. */
import { Store, useStore } from "./state/store.js";

function read() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...rest] = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { page: page ?? "", rest, query: new URLSearchParams(query ?? "") };
}

const route = new Store(read());
addEventListener("hashchange", () => route.set(read()));

/** `{page: "jobs", rest: [], query: URLSearchParams}` */
export const useRoute = () => useStore(route);

/** The address of a page: `hrefOf("jobs", {search: "dinner"})`. Empty values are left out. */
export function hrefOf(page, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(given).toString();
  return `#/${page}${text ? `?${text}` : ""}`;
}

/** Goes to a page; with `replace` the browser's way back leaves out the one that is left. */
export function go(page, query = {}, { replace = false } = {}) {
  if (replace) {
    history.replaceState(null, "", hrefOf(page, query));
    route.set(read());
  } else location.hash = hrefOf(page, query);
}
