/** Gives a file to the person in front of the screen. */
const LATER = 60_000;

export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), LATER);
}

/** `dinner-is-ready.mp3` of a text. */
export function fileName(text, ending) {
  const words = text.trim().toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return `${words.slice(0, 40).replace(/-+$/, "") || "speech"}.${ending}`;
}
