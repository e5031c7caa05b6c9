/** The history: all that was spoken, over any front, searched and filtered. */
import { api } from "../../api.js";
import { Button } from "../../components/button.js";
import { EmptyState, Failed, Loading } from "../../components/empty-state.js";
import { Paging } from "../../components/list.js";
import { Menu } from "../../components/menu.js";
import { Card } from "../../components/page-head.js";
import { ago, count } from "../../components/words.js";
import { go, hrefOf } from "../../router.js";
import { useStore } from "../../state/store.js";
import { Fragment, html, useEffect, useMemo, useRef, useState } from "../../ui.js";
import { deeds, downloadBatch } from "./actions.js";
import { removeFound, removeListened, removeThese } from "./delete-many.js";
import { FILTERS, Filters, askedOf } from "./filters.js";
import { useLive } from "./live.js";
import { Row } from "./row.js";
import { isOver } from "./words.js";

const PAGE_SIZE = 20;
const NOTHING = [];

/** `#/jobs?search=dinner&status=failed&page=2` */
export function History({ route }) {
  const query = Object.fromEntries([...FILTERS, "page"].map((name) => [name, route.query.get(name) ?? ""]));
  const { page: shown, ...filters } = query;
  const page = Math.max(1, Number(shown) || 1);
  const hasFilters = Object.values(filters).some(Boolean);
  const [selected, setSelected] = useState(new Set());
  const [isDeleting, setIsDeleting] = useState(false);
  const list = useRef(null);

  const deed = useStore(deeds);
  const key = JSON.stringify([query, deed]);
  const look = async (signal) => ({
    key, ...(await api.get("api/history", { ...askedOf(filters), page, page_size: PAGE_SIZE }, { signal })),
  });
  const { data, error, reload } = useLive(look, [key], ({ entries: found }) => !found.every(isOver));
  const isHeld = () => page > 1 || selected.size || list.current?.matches(":hover, :focus-within, :has(.player)");
  const { entries, hasNews, showNews } = useSteady(data, isHeld);
  useEffect(() => setSelected(new Set()), [JSON.stringify(query)]);
  useEffect(() => {
    const isPastEnd = data?.key === key && !data.entries.length && page > 1;
    if (isPastEnd) turn(Math.ceil(data.total / PAGE_SIZE) || 1, { replace: true });
  }, [data]);

  const turn = (to, how) => go("jobs", { ...filters, page: to > 1 ? to : "" }, how);
  const select = (id) => (is) => setSelected((old) => {
    const next = new Set(old);
    if (is) next.add(id);
    else next.delete(id);
    return next;
  });
  const deleted = async (remove) => {
    if (await remove(() => setIsDeleting(true))) setSelected(new Set());
    setIsDeleting(false);
  };
  // Drawn anew only when they are others: there are more reasons to draw the page.
  const rows = useMemo(() => entries.map((entry, at) => html`<${Fragment} key=${entry.id}>
    ${entry.batch && entry.batch !== entries[at - 1]?.batch && html`<${BatchHead} entry=${entry} />`}
    <${Row} entry=${entry} href=${hrefOf(`jobs/entry/${entry.id}`, query)} isSelected=${selected.has(entry.id)}
      onSelect=${select(entry.id)} />
  <//>`), [entries, selected, JSON.stringify(query)]);
  const over = entries.filter(isOver);
  const isAll = over.length > 0 && over.every(({ id }) => selected.has(id));
  const clear = [
    { label: "What was listened to", hint: "jobs stay", isDanger: true,
      onClick: () => deleted(removeListened) },
    data && { label: hasFilters ? "All that is found" : "Everything", hint: count(data.total, "entry", "entries"),
      isDanger: true, onClick: () => deleted((begin) => removeFound(filters, begin)) },
  ];

  return html`<${Card} title="History" actions=${data?.total > 0
      && html`<${Menu} label="Delete" icon="trash" kind="quiet" items=${clear} isBusy=${isDeleting} />`}>
    <${Filters} filters=${filters} />
    ${error && !data && html`<${Failed} error=${error} onRetry=${reload} />`}
    ${!data && !error && html`<${Loading} />`}
    ${over.length > 0 && html`<div class="history-bar">
      <label class="row"><input type="checkbox" class="pick" checked=${isAll} onChange=${(event) => setSelected(
        new Set(event.target.checked ? over.map(({ id }) => id) : []),
      )} />${selected.size ? `${selected.size} selected` : "Select this page"}</label>
      ${selected.size > 0 && html`<${Button} icon="trash" kind="quiet" isBusy=${isDeleting}
        onClick=${() => deleted((begin) => removeThese([...selected], begin))}>Delete ${selected.size}<//>`}
      ${hasNews && html`<${Button} icon="refresh" kind="quiet"
        onClick=${() => (page > 1 ? turn(1) : showNews())}>Show what is new<//>`}
      <span class="soft" role="status">${data.is_total_exact ? "" : "about "}
        ${count(data.total, "entry", "entries")}</span>
    </div>`}
    <ul class="entries" ref=${list} aria-label="What was spoken">${rows}</ul>
    ${data && !entries.length && (hasFilters
      ? html`<${EmptyState} icon="search" title="Nothing like this was spoken"
          action=${html`<${Button} onClick=${() => go("jobs")}>Show everything<//>`}>Try fewer or other words.<//>`
      : html`<${EmptyState} icon="bars" title="Nothing has been spoken yet"
          action=${html`<a class="button" href=${hrefOf("speak")}>Speak</a>`}>
          Whatever your home says, and every job, is kept here to be heard again.<//>`)}
    ${data && html`<${Paging} page=${page} pageSize=${PAGE_SIZE} total=${data.total} isExact=${data.is_total_exact}
      onPage=${turn} />`}
  <//>`;
}

/**
 * What is shown of `data`: what somebody looks at, listens to or has selected does not move away under their hands. It
 * stays, as it is now, and that there is news is told.
 */
function useSteady(data, isHeld) {
  const [shown, setShown] = useState({ key: "", entries: [] });
  useEffect(() => {
    if (!data) return;
    const now = new Map(data.entries.map((entry) => [entry.id, entry]));
    setShown((old) => (old.key === data.key && isHeld()
      ? { ...old, entries: old.entries.map((entry) => now.get(entry.id) ?? entry) } : data));
  }, [data]);
  const entries = shown.key ? shown.entries : data?.entries ?? NOTHING;
  const hasNews = Boolean(data) && shown.key === data.key && entries[0]?.id !== data.entries[0]?.id;
  return { entries, hasNews, showNews: () => setShown(data) };
}

/** Before the first of its lines. */
const BatchHead = ({ entry: { batch, created_at: created } }) => html`<li class="batch-head">
  <a href=${hrefOf(`jobs/batch/${batch}`)}>Batch, ${ago(created)}</a>
  <${Button} icon="download" kind="quiet" onClick=${() => downloadBatch(batch)}>ZIP<//>
</li>`;
