/** Tells when the service has been updated behind the back of an open page. */
import { ask } from "../api.js";
import { toast } from "../components/toasts.js";
import { snapshot } from "../live.js";

/** The version in the addresses of the console's files; the page has it as its tag. */
const OWN = new URL("..", import.meta.url).pathname.split("/").at(-2);

export function watchVersion() {
  let began = 0;
  snapshot.watch(async ({ started }) => {
    const isRestarted = began !== 0 && started !== began;
    began = started;
    if (isRestarted && (await isOther())) {
      const action = { label: "Load it again", onClick: () => location.reload() };
      toast("The service was updated, and this page with it.", { action });
    }
  });
}

async function isOther() {
  try {
    return !(await ask("HEAD", "")).headers.get("ETag")?.includes(OWN);
  } catch {
    return false;
  }
}
