/** Pictures for buttons: strokes on a field of 24 by 24. They are decoration: what they stand for is said in words. */
import { classes, html } from "../ui.js";

const PATHS = {
  alert: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.1",
  bars: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10.5v3",
  check: "m5 12.5 4.5 4.5L19 7",
  chevron: "m8 10 4 4 4-4",
  close: "M6 6l12 12M18 6 6 18",
  compare: "M9 4v16M15 4v16M5 9v6M19 9v6",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  cube: "m12 3 8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  gauge: "M4 18a9 9 0 1 1 16 0M12 15l4-5",
  info: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 11v5.5M12 7.5v.1",
  key: "M14 10a4 4 0 1 0-3.5 4L20 14v4M16 14v3",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.1M4 12h.1M4 18h.1",
  mic: "M12 3.5a3 3 0 0 1 3 3V12a3 3 0 0 1-6 0V6.5a3 3 0 0 1 3-3zM6 11.5a6 6 0 0 0 12 0M12 17.5V21",
  minus: "M5 12h14",
  monitor: "M4 5h16v11H4zM9 20h6M12 16v4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  more: "M6 12h.1M12 12h.1M18 12h.1",
  pause: "M8 5v14M16 5v14",
  pencil: "m5 19 1-4L16.5 4.5l3 3L9 18z",
  play: "M8 5.5v13l10.5-6.5z",
  plus: "M12 5v14M5 12h14",
  refresh: "M19 8a8 8 0 1 0 1 5M20 4v5h-5",
  search: "M11 4.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM16 16l4 4",
  sliders: "M5 7h9M18 7h1M5 17h1M10 17h9M16 5v4M8 15v4",
  stop: "M6.5 6.5h11v11h-11z",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4"
    + "M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  upload: "M12 16V5M7 9l5-5 5 5M5 20h14",
};

const FILLED = new Set(["play", "stop"]);

export function Icon({ name, size = 20 }) {
  return html`<svg class=${classes("icon", FILLED.has(name) && "is-filled")} viewBox="0 0 24 24" width=${size}
    height=${size} aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}
