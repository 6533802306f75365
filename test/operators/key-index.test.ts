/** Ids of keys, whatever the layout that they come in: a dictionary's are those of its values. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { readColumn } from "../../src/data/batch-reader.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import type { Column } from "../../src/data/column.ts";
import { Arena } from "../../src/kernel/arena.ts";
import { KeyIndex } from "../../src/operators/key-index.ts";
import { BudgetAllocator, fixture, type Fixture } from "../kernel/fixture.ts";

const noGroup = 0xffffffff;

function column(to: Fixture, rows: readonly unknown[]): Column {
  const writer = makeBatchWriter(to.kernels, to.allocator);
  for (const row of rows) writer.push(row);
  return writer.finish().root;
}

/** The rows by way of a dictionary that has other values too. */
function coded(to: Fixture, random: Random, rows: readonly unknown[]): Column {
  const values = [...new Set([...rows, "not there"])].sort(() => random.below(3) - 1);
  const codes = to.allocator.put(rows.length * 4);
  to.kernels.i32.set(
    rows.map(row => values.indexOf(row)),
    codes / 4,
  );
  return { kind: "dictionary", rows: rows.length, codes, values: column(to, values) };
}

function ids(to: Fixture, found: { readonly ids: number }, rows: number): number[] {
  return Array.from(to.kernels.u32.slice(found.ids / 4, found.ids / 4 + rows));
}

test("keys of dictionaries, strings and others share ids, first seen first", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const to = fixture();
    const allocator = new BudgetAllocator(to.allocator, Infinity);
    const index = new KeyIndex(to.kernels, allocator);
    const known = new Map<unknown, number>();
    for (let batch = 0; batch < 6; batch++) {
      const mixed = batch === 4 && seed % 2 === 0;
      const rows = Array.from({ length: 1 + random.below(50) }, () =>
        mixed && random.below(3) === 0 ? random.below(5) : `key ${random.below(30)}`,
      );
      const keys = !mixed && random.below(2) === 0 ? coded(to, random, rows) : column(to, rows);
      const before = ids(to, index.lookup(keys), rows.length);
      expect({ seed, before }).toEqual({ seed, before: rows.map(row => known.get(row) ?? noGroup) });
      for (const row of rows) if (!known.has(row)) known.set(row, known.size);
      expect({ seed, ids: ids(to, { ids: index.add(keys) }, rows.length) }).toEqual({
        seed,
        ids: rows.map(row => known.get(row)!),
      });
      expect(index.count).toBe(known.size);
    }
    const arena = new Arena(to.allocator);
    expect(readColumn(to.kernels, index.keys(arena)).toArray()).toEqual([...known.keys()]);
    arena.close();
    index.free();
    expect(allocator.outstandingBytes).toBe(0);
  }
});
