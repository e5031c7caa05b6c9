/** A page, fetched when it is first opened. */
import { html, useEffect, useState } from "../ui.js";
import { Failed, Loading } from "./empty-state.js";

/** `<${Page} page=${one of PAGES} route=${route} />`; give it the page's id as its key. */
export function Page({ page, route }) {
  const [state, setState] = useState({});
  const [tries, setTries] = useState(0);

  useEffect(() => {
    if (page.component) return undefined;
    let isWanted = true;
    const tell = (next) => isWanted && setState(next);
    page.load().then((component) => {
      page.component = component;
      tell({});
    }, () => tell({ error: new Error("The service cannot be reached, or was updated: load the page again.") }));
    return () => { isWanted = false; };
  }, [tries]);

  if (page.component) return html`<${page.component} route=${route} />`;
  if (state.error) return html`<${Failed} error=${state.error} onRetry=${() => setTries(tries + 1)} />`;
  return html`<${Loading} label=${`Loading ${page.title}`} />`;
}
