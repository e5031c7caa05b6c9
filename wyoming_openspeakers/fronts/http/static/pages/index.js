/** The pages, in the order of the navigation; the first is shown when the address names none. */
import { Speak } from "./speak.js";

/** All but the first come when they are first opened: a phone that only speaks loads no more than that needs. */
export const PAGES = [
  { id: "speak", title: "Speak", icon: "bars", component: Speak },
  { id: "voices", title: "Voices", icon: "mic", load: async () => (await import("./voices.js")).Voices },
  { id: "jobs", title: "Jobs", icon: "list", load: async () => (await import("./jobs.js")).Jobs },
  { id: "models", title: "Models", icon: "cube", load: async () => (await import("./models.js")).Models },
  { id: "system", title: "System", icon: "gauge", load: async () => (await import("./system.js")).System },
];
