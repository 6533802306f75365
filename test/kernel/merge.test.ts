/** Merges against a stable sort of all runs' rows, with windows of any size. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { Merger } from "../../src/kernel/merge.ts";
import { beyondTwoGiB, fixture, type Fixture, getU32, property, putStrings, putU64 } from "./fixture.ts";

interface Emitted {
  readonly run: number;
  readonly row: number;
}

/** Runs the merger over runs of keys, handing out windows of random sizes (some of them empty). */
function mergeAll<K>(
  to: Fixture,
  random: Random,
  keyKind: "u64" | "bytes",
  runs: readonly (readonly K[])[],
  put: (rows: readonly K[]) => { keys: number; bytes?: number },
): Emitted[] {
  const merger = new Merger(to.kernels, to.allocator, keyKind, runs.length);
  const given = runs.map(() => 0);
  const capacity = 1 + random.below(40);
  const [outRuns, outRows] = [to.allocator.alloc(capacity * 4), to.allocator.alloc(capacity * 4)];
  const refill = (run: number) => {
    const base = given[run]!;
    const rows = runs[run]!.slice(base, base + random.below(12));
    given[run] = base + rows.length;
    const isLast = given[run] === runs[run]!.length && random.below(2) === 0;
    merger.setWindow(run, { ...put(rows), rows: rows.length, base, isLast } as Parameters<Merger["setWindow"]>[1]);
  };
  if (random.below(2) === 0) runs.forEach((_, run) => refill(run));
  const emitted: Emitted[] = [];
  while (true) {
    const step = merger.next(outRuns, outRows, capacity);
    const rows = getU32(to, outRows, step.rows);
    getU32(to, outRuns, step.rows).forEach((run, i) => emitted.push({ run, row: rows[i]! }));
    if (step.kind === "refill") refill(step.run);
    else if (step.kind === "full") expect(step.rows).toBe(capacity);
    else break;
  }
  merger.free();
  return emitted;
}

function wantedOrder<K>(runs: readonly (readonly K[])[], compare: (a: K, b: K) => number): Emitted[] {
  const rows = runs.flatMap((keys, run) => keys.map((key, row) => ({ key, run, row })));
  return rows
    .sort((a, b) => compare(a.key, b.key) || a.run - b.run || a.row - b.row)
    .map(({ run, row }) => ({ run, row }));
}

function randomRuns<K>(random: Random, key: () => K, compare: (a: K, b: K) => number): K[][] {
  const count = random.below(4) === 0 ? random.below(40) : random.below(6);
  return Array.from({ length: count }, () =>
    Array.from({ length: random.below(3) === 0 ? 0 : random.below(40) }, key).sort(compare),
  );
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("u64 keys", () => {
    property(80, random => {
      const to = fixture({ start });
      const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
      const distinct = [1, 5, 1000][random.below(3)]!;
      const key = () =>
        random.below(10) === 0 ? 2n ** 64n - 1n : BigInt(random.below(distinct)) << BigInt(random.below(2) * 40);
      const runs = randomRuns(random, key, compare);
      expect(mergeAll(to, random, "u64", runs, rows => ({ keys: putU64(to, rows) }))).toEqual(
        wantedOrder(runs, compare),
      );
    });
  });

  test("byte strings", () => {
    property(80, random => {
      const to = fixture({ start });
      const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      const heads = ["", "\0", "a", "prefix!", "prefix!!", "prefix! longer than a word "];
      const key = () =>
        heads[random.below(heads.length)]! + "\0z".repeat(random.below(3)) + "é".repeat(random.below(2));
      const runs = randomRuns(random, key, compare);
      const put = (rows: readonly string[]) => {
        const { offsets, bytes } = putStrings(to, rows, random.below(4));
        return { keys: offsets, bytes };
      };
      expect(mergeAll(to, random, "bytes", runs, put)).toEqual(wantedOrder(runs, compare));
    });
  });
});

test("a run whose window is missing is asked for before anything is emitted", () => {
  const to = fixture();
  const merger = new Merger(to.kernels, to.allocator, "u64", 2);
  const out = to.allocator.alloc(64);
  merger.setWindow(0, { keys: putU64(to, [1n]), rows: 1, isLast: true });
  expect(merger.next(out, out, 4)).toEqual({ kind: "refill", rows: 0, run: 1 });
  merger.setWindow(1, { keys: putU64(to, [0n]), rows: 1, base: 7, isLast: false });
  const rows = to.allocator.alloc(64);
  expect(merger.next(out, rows, 4)).toEqual({ kind: "refill", rows: 1, run: 1 });
  expect([getU32(to, out, 1), getU32(to, rows, 1)]).toEqual([[1], [7]]);
  merger.setWindow(1, { keys: out, rows: 0, isLast: true });
  expect(merger.next(out, rows, 4)).toEqual({ kind: "done", rows: 1 });
  expect(merger.next(out, rows, 4)).toEqual({ kind: "done", rows: 0 });
});

test("no runs at all", () => {
  const to = fixture();
  const merger = new Merger(to.kernels, to.allocator, "bytes", 0);
  expect(merger.next(0 as never, 0 as never, 5)).toEqual({ kind: "done", rows: 0 });
  merger.free();
});
