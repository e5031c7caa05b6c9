/** What the browser keeps for the next visit; where it may not, for this one. */
const PREFIX = "openspeakers.";

function area(isForSession) {
  try {
    return isForSession ? sessionStorage : localStorage;
  } catch {
    return null;
  }
}

export function keep(name, value, { isForSession = false } = {}) {
  try {
    const place = area(isForSession);
    if (value === null || value === undefined || value === "") place?.removeItem(PREFIX + name);
    else place?.setItem(PREFIX + name, typeof value === "string" ? value : JSON.stringify(value));
  } catch {
    // Full, or closed: nothing that the user must know.
  }
}

/** A text, as it was kept. */
export function kept(name, { isForSession = false } = {}) {
  try {
    return area(isForSession)?.getItem(PREFIX + name) ?? "";
  } catch {
    return "";
  }
}

/** Anything else, as it was kept. */
export function keptValue(name, otherwise) {
  try {
    return JSON.parse(kept(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
