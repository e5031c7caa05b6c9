/** What is around every page: navigation, connection, colours; and what stands over it. */
import { connection } from "../live.js";
import { PAGES } from "../pages/index.js";
import { hrefOf, useRoute } from "../router.js";
import { useStore } from "../state/store.js";
import { THEMES, choose, theme } from "../state/theme.js";
import { classes, html, useEffect, useRef } from "../ui.js";
import { IconButton } from "./button.js";
import { Questions } from "./dialog.js";
import { Icon } from "./icon.js";
import { KeyPrompt } from "./key-prompt.js";
import { Page } from "./page.js";
import { Badge } from "./status.js";
import { Toasts } from "./toasts.js";

const NAME = "OpenSpeakers";

export function Shell() {
  const route = useRoute();
  const page = PAGES.find((one) => one.id === route.page) ?? PAGES[0];
  const main = useRef(null);
  const isFirst = useRef(true);

  useEffect(() => {
    document.title = `${page.title} – ${NAME}`;
    // Whoever hears the page rather than sees it is told that it is another one.
    if (!isFirst.current) main.current.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [page.id]);

  const toMain = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${toMain}>Skip to the content</a>
    <div class="shell">
      <header class="top">
        <a class="brand" href=${hrefOf(PAGES[0].id)} aria-label=${`${NAME}: ${PAGES[0].title}`}>
          <span class="brand-mark"><${Icon} name="bars" size=${20} /></span><span>${NAME}</span></a>
        <div class="top-end"><${Connection} /><${ThemeSwitch} /></div>
      </header>
      <nav class="navigation" aria-label="Pages">
        <ul>${PAGES.map((one) => html`<li key=${one.id}><a href=${hrefOf(one.id)}
          class=${classes("nav-link", one === page && "is-here")} aria-current=${one === page ? "page" : undefined}>
          <${Icon} name=${one.icon} size=${22} /><span>${one.title}</span></a></li>`)}</ul>
      </nav>
      <main id="main" tabindex="-1" ref=${main} aria-label=${page.title}>
        <${Page} key=${page.id} page=${page} route=${route} />
      </main>
    </div>
    <${Toasts} /><${Questions} /><${KeyPrompt} />`;
}

function Connection() {
  const state = useStore(connection);
  const isOpen = state === "open";
  return html`<span role="status" class="connection"><${Badge} kind=${isOpen ? "good" : "busy"}>
    ${isOpen ? "Live" : "Connecting …"}<//></span>`;
}

const LOOKS = {
  system: { icon: "monitor", label: "Colours: as the system has them" },
  light: { icon: "sun", label: "Colours: light" },
  dark: { icon: "moon", label: "Colours: dark" },
};

function ThemeSwitch() {
  const chosen = useStore(theme);
  const next = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
  const { icon, label } = LOOKS[chosen] ?? LOOKS.system;
  return html`<${IconButton} icon=${icon} label=${label} onClick=${() => choose(next)} />`;
}
