/** Long tables by the page, sorted by what the address says: `?sort=runMs&order=down&page=2`. What it says wrong is a PageError. */
import { html, type Html, type Piece } from "./html.ts";
import { PageError } from "./page-error.ts";
import { count } from "./format.ts";

export interface Paging<Key extends string> {
  readonly sort: Key;
  readonly descending: boolean;
  /** From 1. */
  readonly page: number;
}

export function readPaging<Key extends string>(
  query: (name: string) => string | undefined,
  keys: readonly Key[],
  standard: Paging<Key>,
): Paging<Key> {
  const [sort, order, page] = [query("sort"), query("order"), query("page")];
  const key = sort === undefined ? standard.sort : keys.find(each => each === sort);
  if (key === undefined) throw new PageError(400, `the table is not sorted by that`, { hint: `by ${keys.join(", ")}` });
  if (order !== undefined && order !== "up" && order !== "down") throw new PageError(400, "order is up or down");
  if (page !== undefined && !/^[1-9]\d{0,5}$/.test(page)) throw new PageError(400, "page is a number from 1");
  return {
    sort: key,
    descending: order === undefined ? (sort === undefined ? standard.descending : false) : order === "down",
    page: page === undefined ? 1 : Number(page),
  };
}

export function offsetOf({ page }: Pick<Paging<string>, "page">, rowsPerPage: number): number {
  return (page - 1) * rowsPerPage;
}

function address({ sort, descending, page }: Paging<string>): string {
  return `?sort=${sort}&order=${descending ? "down" : "up"}&page=${page}`;
}

/** A column's title that sorts by it, and the other way round when it is sorted by already. */
export function sortLink<Key extends string>(title: string, key: Key, now: Paging<Key>, largestFirst: boolean): Html {
  const isNow = now.sort === key;
  const descending = isNow ? !now.descending : largestFirst;
  const arrow = isNow && (now.descending ? " ↓" : " ↑");
  return html`<a id="sort-${key}" href="${address({ sort: key, descending, page: 1 })}">${title}${arrow}</a>`;
}

/** Nothing when there is one page. */
export function pageLinks(now: Paging<string>, rows: number, rowsPerPage: number): Piece {
  const pages = Math.ceil(rows / rowsPerPage);
  if (pages <= 1 && now.page === 1) return undefined;
  const to = (page: number, text: string) => html`<a href="${address({ ...now, page })}">${text}</a>`;
  return html`<p class="pages">
    ${now.page > 1 && to(Math.min(now.page - 1, Math.max(pages, 1)), "← before")}
    <span>page ${count(now.page)} of ${count(pages)}</span>
    ${now.page < pages && to(now.page + 1, "after →")}
  </p>`;
}
