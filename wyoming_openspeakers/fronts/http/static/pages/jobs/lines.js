/** The lines of a batch: from what was pasted, and from files. */
const MOST_BYTES = 2_000_000;
const HEADINGS = /^(texts?|lines?|sentences?|phrases?|messages?)$/i;

/** A cell in quotes, which may have several lines, with what follows it in its row; or a row without quotes. */
const ROW = /^[ \t]*"((?:[^"]|"")*)"[^\r\n]*|^[^\r\n]+/gm;

export const linesOf = (text) => text.split(/\r\n|\r|\n/).map((line) => line.trim()).filter(Boolean);

/** The lines of a text file, or of a table with one column; throws what can be shown. */
export async function readLines(file) {
  if (file.size > MOST_BYTES) throw new Error(`${file.name} is too large to be a list of lines`);
  const text = decoded(new Uint8Array(await file.arrayBuffer()));
  if (text.includes("\0")) throw new Error(`${file.name} is not a text file; save a table as CSV`);
  const lines = /\.csv$/i.test(file.name) ? cellsOf(text) : linesOf(text);
  if (!lines.length) throw new Error(`${file.name} has no lines`);
  return lines;
}

function cellsOf(text) {
  const cells = [...text.matchAll(ROW)].map(([row, quoted]) => (quoted === undefined
    ? row.replace(/[,;\t\s]+$/, "")
    : quoted.replaceAll('""', '"').replace(/\s*[\r\n]+\s*/g, " ")).trim()).filter(Boolean);
  return cells.length > 1 && HEADINGS.test(cells[0]) ? cells.slice(1) : cells;
}

/** UTF-8, or what spreadsheets write instead. */
function decoded(bytes) {
  const mark = bytes[0] * 256 + bytes[1];
  if (mark === 0xfffe || mark === 0xfeff) {
    return new TextDecoder(mark === 0xfffe ? "utf-16le" : "utf-16be").decode(bytes);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
