/** Light, dark, or as the system has it. */
import { keep, kept } from "./kept.js";
import { Store } from "./store.js";

export const THEMES = ["system", "light", "dark"];

export const theme = new Store(kept("theme") || "system");

export function choose(name) {
  theme.set(name);
  keep("theme", name === "system" ? "" : name);
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}
