/** Tables with pages. On a phone each row becomes a card, with the names of its columns. */
import { html } from "../ui.js";
import { IconButton } from "./button.js";

/**
 * `columns`: `[{id, label, draw(row), isWide}]`; `rows` with `id`. `onOpen(row)` makes the first column a button.
 * `label` says what the table is of.
 */
export function Table({ label, columns, rows, onOpen }) {
  const cell = (column, row, at) => {
    const content = column.draw ? column.draw(row) : row[column.id];
    return at === 0 && onOpen
      ? html`<button type="button" class="link" onClick=${() => onOpen(row)}>${content}</button>`
      : content;
  };
  return html`<div class="table-frame"><table class="table">
    <caption class="unseen">${label}</caption>
    <thead><tr>${columns.map((column) => html`<th key=${column.id} scope="col">${column.label}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>${columns.map((column, at) => html`
      <td key=${column.id} data-label=${column.label} class=${column.isWide ? "is-wide" : undefined}>
        ${cell(column, row, at)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

/** `<${Paging} page=${2} pageSize=${20} total=${95} onPage=${(page) => ...} />`; nothing where one page is all. */
export function Paging({ page, pageSize, total, onPage, isExact = true }) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  if (last === 1) return null;
  const first = (page - 1) * pageSize + 1;
  return html`<nav class="paging" aria-label="Pages">
    <${IconButton} icon="chevron" class="is-back" label="Page before" disabled=${page <= 1}
      onClick=${() => onPage(page - 1)} />
    <span aria-live="polite">${first.toLocaleString()}–${Math.min(total, page * pageSize).toLocaleString()}
      ${" of "}${isExact ? "" : "about "}${total.toLocaleString()}</span>
    <${IconButton} icon="chevron" class="is-forth" label="Page after" disabled=${page >= last}
      onClick=${() => onPage(page + 1)} />
  </nav>`;
}
