/**
 * Joins whose build side has more rows of one hash than memory holds, and keys whose hashes agree as far as ranges of hashes can
 * tell: the same rows in the same order as with ample memory.
 */
import { describe, expect, test } from "bun:test";
import { hashColumn } from "../../src/data/hash.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { CheckedAllocator, testKernels } from "../data/test-kernels.ts";
import { expectSame, type Pair, plans, rowsPlan, runPlan } from "./task-fixture.ts";

const littleBytes = 4.5 * 2 ** 20;
const padding = "v".repeat(150);

async function spilled(plan: Plan): Promise<unknown[]> {
  const expected = await runPlan(plan);
  expect(expected.spilledBytes).toBe(0);
  const actual = await runPlan(plan, { memoryBytes: littleBytes });
  expect(actual.spilledBytes).toBeGreaterThan(0);
  expectSame(actual, expected);
  return actual.rows;
}

const joins = {
  inner: plans.join,
  left: plans.leftOuterJoin,
  full: plans.fullOuterJoin,
  unmatched: plans.subtractByKey,
};
/** Of `right`, whose build side is the left one. */
const many = (keyOf: (i: number) => unknown, rows = 30_000): Pair[] =>
  Array.from({ length: rows }, (_, i) => [keyOf(i), `${i}${padding}`]);
const few: Pair[] = [
  ["cold", 1],
  ["hot", 2],
  ["hot", 3],
  ["lukewarm", 4],
];

describe("all of one key", () => {
  for (const [name, join] of Object.entries(joins)) {
    test(name, async () => {
      const plan = join(rowsPlan(few), rowsPlan(many(() => "hot")));
      if (name === "unmatched") {
        // of the right side a key is kept once
        expect((await runPlan(plan, { memoryBytes: littleBytes })).rows).toEqual([few[0], few[3]]);
      } else await spilled(plan);
    });
  }

  test("right", async () => void (await spilled(plans.rightOuterJoin(rowsPlan(many(() => "hot")), rowsPlan(few)))));

  test("none of it asked for", async () => {
    const right = many(() => "other");
    const rows = await spilled(plans.fullOuterJoin(rowsPlan(few), rowsPlan(right)));
    expect(rows).toHaveLength(few.length + right.length);
    expect(rows.slice(few.length)).toEqual(right.map(([key, value]) => [key, [undefined, value]]));
  });
});

/** Two numbers whose hashes have the same upper 32 bits. */
function likeHashed(): [number, number] {
  const rows = 300_000;
  const allocator = new CheckedAllocator();
  const values = allocator.alloc(rows * 8);
  const hashes = allocator.alloc(rows * 8);
  for (let i = 0; i < rows; i++) testKernels.f64[values / 8 + i] = i;
  hashColumn(testKernels, allocator, { kind: "f64", rows, values }, hashes);
  const seen = new Map<number, number>();
  for (let i = 0; i < rows; i++) {
    const upper = testKernels.u32[hashes / 4 + 2 * i + 1]!;
    const other = seen.get(upper);
    if (other !== undefined) return [other, i];
    seen.set(upper, i);
  }
  throw new Error("all hashes differ");
}

test("keys that no range parts", async () => {
  const [a, b] = likeHashed();
  const right = many(i => (i % 3 === 0 ? b : a), 40_000);
  for (const asked of [[], [a], [b], [a, 0.5, b]]) {
    const left = asked.map((key, i): Pair => [key, i]);
    for (const join of Object.values(joins).slice(0, 3)) await spilled(join(rowsPlan(left), rowsPlan(right)));
  }
});
