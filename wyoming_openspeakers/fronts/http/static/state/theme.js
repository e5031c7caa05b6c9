/** Light, dark, or as the system has it. */
import { keep, kept } from "./kept.js";
import { Store } from "./store.js";

export const THEMES = ["system", "light", "dark"];

export const theme = new Store(kept("theme") || "system");

export function choose(name) {
  const isDark = name === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : name === "dark";
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  keep("theme", name === "system" ? "" : name);
  theme.set(name);
}
