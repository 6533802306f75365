/** How many tasks each step of a tree of folds has. */
import { expect, test } from "bun:test";
import { treeSizes } from "../../src/api/rdd-tree.ts";

test("sizes are Spark's", () => {
  expect(treeSizes(100, 2)).toEqual([10]);
  expect(treeSizes(1000, 2)).toEqual([31]);
  expect(treeSizes(1000, 3)).toEqual([100, 10]);
  expect(treeSizes(64, 6)).toEqual([32, 16, 8, 4]);
  expect([treeSizes(0, 2), treeSizes(1, 2), treeSizes(4, 2), treeSizes(1000, 1)]).toEqual([[], [], [], []]);
});

test("sizes shrink to few, whatever the depth", () => {
  for (let partitions = 0; partitions < 400; partitions++)
    for (let depth = 1; depth < 9; depth++) {
      const sizes = treeSizes(partitions, depth);
      const scale = Math.max(2, Math.ceil(partitions ** (1 / depth)));
      [partitions, ...sizes].reduce((before, size) => {
        expect(size).toBeLessThan(before);
        return size;
      });
      const last = sizes.at(-1) ?? partitions;
      expect(last).toBeLessThanOrEqual(scale + Math.ceil(last / scale));
    }
});
