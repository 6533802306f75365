/** The heap against a stable sort. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { TopRows } from "../../src/operators/top-rows.ts";

test("the first rows in an order, ties by arrival, as a stable sort has them", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const limit = random.below(12);
    const rows = Array.from({ length: random.below(60) }, (_, at) => ({ key: random.below(8), at }));
    const top = new TopRows(limit, (a, b) => (a as { key: number }).key - (b as { key: number }).key);
    if (limit > 0) for (const row of rows) top.push(row);
    expect({ seed, rows: top.finish() }).toEqual({
      seed,
      rows: rows.toSorted((a, b) => a.key - b.key).slice(0, limit),
    });
  }
});
