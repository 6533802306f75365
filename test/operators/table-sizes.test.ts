/** What is expected of a table's size decides where it starts, and nothing else. */
import { expect, test } from "bun:test";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { readColumn } from "../../src/data/batch-reader.ts";
import { Arena } from "../../src/kernel/arena.ts";
import { KeyIndex } from "../../src/operators/key-index.ts";
import { noteTableSize, sizeOfLastTable, unknownSize } from "../../src/operators/table-sizes.ts";
import { BudgetAllocator, fixture } from "../kernel/fixture.ts";

const words = Array.from({ length: 3000 }, (_, i) => `word ${i % 1200}`);

for (const rows of [words, words.map(word => word.length), words.map(word => [word, 1])]) {
  test(`a table of ${typeof rows[0]} keys is the same from any size on, and without memory for it`, () => {
    const to = fixture();
    const writer = makeBatchWriter(to.kernels, to.allocator);
    for (const row of rows) writer.push(row);
    const keys = writer.finish().root;
    const made = [unknownSize, { groups: 1500, keyBytes: 20_000 }, { groups: 1 << 17, keyBytes: 1 << 22 }].map(size => {
      const allocator = new BudgetAllocator(to.allocator, 4 << 20);
      const index = new KeyIndex(to.kernels, allocator, size);
      const found = index.add(keys) / 4;
      const ids = Array.from(to.kernels.u32.slice(found, found + rows.length));
      const arena = new Arena(to.allocator);
      const seen = readColumn(to.kernels, index.keys(arena)).toArray();
      arena.close();
      const { size: reached } = index;
      index.free();
      return { ids, seen, reached, left: allocator.outstandingBytes };
    });
    const [first, ...others] = made;
    expect(first!.seen.length).toBeGreaterThan(0);
    expect(first!.left).toBe(0);
    for (const other of others) expect(other).toEqual(first!);
  });
}

test("the size of an operator's last table is kept, up to a bound", () => {
  const { kernels } = fixture();
  expect(sizeOfLastTable(kernels, "reduceByKey")).toEqual(unknownSize);
  noteTableSize(kernels, "reduceByKey", { groups: 7, keyBytes: 70 });
  noteTableSize(kernels, "distinct", { groups: 1e9, keyBytes: 1e9 });
  expect(sizeOfLastTable(kernels, "reduceByKey")).toEqual({ groups: 7, keyBytes: 70 });
  const { groups, keyBytes } = sizeOfLastTable(kernels, "distinct");
  expect(groups).toBeLessThan(1e6);
  expect(keyBytes).toBeLessThan(1e8);
  noteTableSize(kernels, "reduceByKey", unknownSize);
  expect(sizeOfLastTable(kernels, "reduceByKey")).toEqual(unknownSize);
});
