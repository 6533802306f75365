/** Rows taken from several batches against the rows themselves, for batches of one layout and of several. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { readBatch } from "../../src/data/batch-reader.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { slice } from "../../src/data/move.ts";
import { Arena } from "../../src/kernel/arena.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { Parts } from "../../src/operators/gather-parts.ts";
import { sortedIds } from "../../src/operators/sort-order.ts";
import { forSeeds, randomRows } from "../data/random-values.ts";
import { expectSame } from "../data/same.ts";
import { CheckedAllocator, testKernels as kernels } from "../data/test-kernels.ts";

/** Some batches, each a slice of one that a writer made, and their rows. */
function randomParts(random: Random, allocator: CheckedAllocator, row: () => () => unknown) {
  let next = row();
  const rows: unknown[] = [];
  const batches = Array.from({ length: 1 + random.below(6) }, () => {
    if (random.below(4) === 0) next = row();
    const made = Array.from({ length: 1 + random.below(40) }, next);
    const writer = makeBatchWriter(kernels, allocator);
    for (const each of made) writer.push(each);
    const from = random.below(made.length);
    rows.push(...made.slice(from));
    return slice(writer.finish(), from, made.length);
  });
  return { parts: new Parts(kernels, batches), rows };
}

function putRows(allocator: CheckedAllocator, numbers: readonly number[]): Ptr {
  const ptr = allocator.alloc(numbers.length * 4);
  kernels.u32.set(numbers, ptr / 4);
  return ptr;
}

test("rows by number, with tables and without, and one by one", () => {
  forSeeds(80, seed => {
    const random = new Random(seed);
    const allocator = new CheckedAllocator();
    const { parts, rows } = randomParts(random, allocator, () => randomRows(random));
    const numbers = Array.from({ length: 1 + random.below(60) }, () => random.below(rows.length));
    const wanted = numbers.map(i => rows[i]);
    const arena = new Arena(allocator);
    const at = putRows(allocator, numbers);
    expectSame(readBatch(kernels, parts.gather(arena, at, numbers.length)).toArray(), wanted);
    parts.prepare(arena);
    expectSame(readBatch(kernels, parts.gather(arena, at, numbers.length)).toArray(), wanted);
    parts.toIds(at, numbers.length);
    expectSame(readBatch(kernels, parts.take(arena, at, numbers.length)).toArray(), wanted);
    const ids = [...kernels.u32.subarray(at / 4, at / 4 + numbers.length)];
    expectSame(
      ids.map(id => readBatch(kernels, parts.row(id)).get(0)),
      wanted,
    );
  });
});

test("numbers are sorted whatever they are, equal ones in row order", () => {
  const numbers: Record<string, (random: Random) => number> = {
    small: random => random.below(20) - 10,
    "within 32 bits": random => random.below(2 ** 32) + 2 ** 40,
    wide: random => (random.below(2 ** 20) - 2 ** 19) * 2 ** 20,
    fractions: random => random.float() - 0.5,
    awkward: random => [0, -0, NaN, Infinity, -Infinity, 1e-300, 2 ** 53][random.below(7)]!,
  };
  forSeeds(40, seed => {
    const random = new Random(seed);
    for (const make of Object.values(numbers)) {
      const allocator = new CheckedAllocator();
      const { parts, rows } = randomParts(random, allocator, () => () => make(random));
      const arena = new Arena(allocator);
      for (const ascending of [true, false]) {
        parts.prepare(arena);
        const ids = sortedIds(
          kernels,
          allocator,
          parts,
          batch => batch.root,
          ascending,
          () => {},
        );
        const sorted = readBatch(kernels, parts.take(arena, ids, rows.length)).toArray();
        const rank = (x: number) => (Number.isNaN(x) ? [1, 0] : [0, x]) as [number, number];
        const compare = (a: number, b: number) => {
          const [[x, v], [y, w]] = [rank(a), rank(b)];
          return x - y || (v < w ? -1 : v > w ? 1 : 0);
        };
        const wanted = (rows as number[]).toSorted(ascending ? compare : (a, b) => compare(b, a));
        expect(sorted).toEqual(wanted);
      }
    }
  });
});

test("one side of pairs, by the numbers of the pairs", () => {
  forSeeds(40, seed => {
    const random = new Random(seed);
    const allocator = new CheckedAllocator();
    const pair = () => [`k${random.below(1000)}`, random.below(2) === 0 ? "" : `v${random.below(1e6)}`];
    const { parts, rows } = randomParts(random, allocator, () => pair);
    const arena = new Arena(allocator);
    parts.prepare(arena);
    for (const side of [0, 1] as const) {
      const narrow = parts.narrowed(({ rows, root }) => {
        return { rows, root: root.kind === "struct" ? root.fields[side]! : root };
      }, arena);
      const numbers = Array.from({ length: 1 + random.below(60) }, () => random.below(rows.length));
      const ids = putRows(allocator, numbers);
      parts.toIds(ids, numbers.length);
      const taken = readBatch(kernels, narrow!.take(arena, ids, numbers.length)).toArray();
      expect({ seed, taken: [...taken] }).toEqual({ seed, taken: numbers.map(i => (rows[i] as string[])[side]!) });
    }
    arena.close();
  });
});
