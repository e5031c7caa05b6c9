/** Numbers as people read them. */
const LANGUAGES = new Intl.DisplayNames(undefined, { type: "language" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [[60, "second"], [60, "minute"], [24, "hour"], [7, "day"]];

/** `1:05`, `0:03`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** `84 ms`, `3.2 s`, `5 min`. */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** `3.2 GB`. */
export function bytes(count) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let at = 0;
  let value = count;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/** `German (Austria)` of `de-AT`; the tag itself where nobody knows it. */
export function languageName(tag) {
  if (!tag) return "Any language";
  try {
    return LANGUAGES.of(tag.replaceAll("_", "-"));
  } catch {
    return tag;
  }
}

/** `5 minutes ago`, from milliseconds or an ISO date. */
export function ago(time) {
  let value = (Date.now() - new Date(time).getTime()) / 1000;
  for (const [most, unit] of STEPS) {
    if (value < most) return value < 5 && unit === "second" ? "just now" : AGO.format(-Math.round(value), unit);
    value /= most;
  }
  return new Date(time).toLocaleDateString();
}

/** `1 voice`, `3 voices`. */
export const count = (number, one, many = `${one}s`) => `${number.toLocaleString()} ${number === 1 ? one : many}`;
