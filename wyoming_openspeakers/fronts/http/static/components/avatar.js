/** A picture of a voice: the first letters of its name. */
import { html } from "../ui.js";
import { Icon } from "./icon.js";

/** `<${Avatar} name="Grandma" />`; without a name it stands for any voice. */
export const Avatar = ({ name }) => html`<span class="avatar" aria-hidden="true">
  ${name ? initials(name) : html`<${Icon} name="bars" size=${18} />`}</span>`;

/** Some models have language and country before the name. */
const initials = (name) => name.replace(/^[a-z]{2}_([A-Z]{2}-)?/, "").slice(0, 2).toUpperCase();
