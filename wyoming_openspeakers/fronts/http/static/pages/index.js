/** The pages, in the order of the navigation; the first is shown when the address names none. */
import { Jobs } from "./jobs.js";
import { Models } from "./models.js";
import { Speak } from "./speak.js";
import { System } from "./system.js";
import { Voices } from "./voices.js";

export const PAGES = [
  { id: "speak", title: "Speak", icon: "bars", component: Speak },
  { id: "voices", title: "Voices", icon: "mic", component: Voices },
  { id: "jobs", title: "Jobs", icon: "list", component: Jobs },
  { id: "models", title: "Models", icon: "cube", component: Models },
  { id: "system", title: "System", icon: "gauge", component: System },
];
