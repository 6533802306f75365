/** The first rows by a user's comparator, which is refused where it proves to be no order (comparator.ts). */
import { checkSorted, type Compare, FirstRows, numbersOnly } from "./comparator.ts";
import { TopRows } from "./top-rows.ts";

export class CheckedTop {
  private readonly order: Compare;
  private readonly first: FirstRows;
  private readonly top: TopRows;

  constructor(
    limit: number,
    fn: (a: unknown, b: unknown) => unknown,
    private readonly descending: boolean,
  ) {
    const order = numbersOnly(fn);
    this.order = order;
    this.first = new FirstRows(order);
    this.top = new TopRows(limit, descending ? (a, b) => order(b, a) : order);
  }

  push(row: unknown): void {
    this.first.push(row);
    this.top.push(row);
  }

  /** The rows in order. */
  finish(): unknown[] {
    this.first.finish();
    const rows = this.top.finish();
    checkSorted(this.descending ? rows.toReversed() : rows, this.order);
    return rows;
  }
}
