/** A long list, of which more is shown by and by. */
import { html, useEffect, useState } from "../ui.js";

/** `const {shown, more} = useMore(found, 30, filters)`: what to draw, and a button for more; anew for other filters. */
export function useMore(found, step, filters) {
  const [most, setMost] = useState(step);
  useEffect(() => setMost(step), [filters]);
  const rest = found.length - most;
  const more = rest > 0 && html`<button type="button" class="link is-block" onClick=${() => setMost(most + step)}>
    Show ${Math.min(step, rest)} more of ${rest}</button>`;
  return { shown: found.slice(0, most), more };
}
