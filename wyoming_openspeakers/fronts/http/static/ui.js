/** The kept library, in the shape that the console uses: `html` makes what components give. */
import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { Fragment, render } from "./vendor/preact.js";
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";

export const html = htm.bind(h);

/** `button is-main` of `classes("button", isMain && "is-main")`. */
export const classes = (...names) => names.filter(Boolean).join(" ");
