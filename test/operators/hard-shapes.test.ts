/**
 * Shapes that are hard at little memory: groups, keys and rows of a size near memory's, keys that hashing does not part. Held
 * against the same operator with ample memory.
 */
import { describe, expect, spyOn, test } from "bun:test";
import type { FiresteelError } from "../../src/base/errors.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { type HashBounds, HashRanges } from "../../src/operators/hash-ranges.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { allOperators, expectSame, type Outcome, type Pair, plans, rowsPlan, runPlan } from "./task-fixture.ts";

const MiB = 2 ** 20;
const padding = "v".repeat(300);

async function expectSpilled(plan: Plan, memoryBytes: number): Promise<Outcome> {
  const expected = await runPlan(plan, { inJavaScript: true });
  expect(expected.spilledBytes).toBe(0);
  const actual = await runPlan(plan, { memoryBytes });
  expect(actual.spilledBytes).toBeGreaterThan(0);
  expectSame(actual, expected);
  return actual;
}

/** n pairs in an order that is not that of their keys. */
function pairs(
  n: number,
  keyOf: (i: number) => unknown,
  valueOf: (i: number) => unknown = i => `${i}${padding}`,
): Pair[] {
  return Array.from({ length: n }, (_, i) => [keyOf((i * 7919) % n), valueOf(i)]);
}

/** Different numbers whose hashes have all but so many of the lowest bits in common: hashes turned back into what has them. */
function numbersAlike(n: number, lowBits: number): number[] {
  const kernels = instantiateKernels(createKernelMemory(4 * MiB), compileKernels());
  const at = MiB;
  const tried = 2 * n;
  for (let i = 0; i < tried; i++) {
    kernels.u32[at / 4 + 2 * i] = 0x2545f491 - (0x2545f491 % 2 ** lowBits) + i;
    kernels.u32[at / 4 + 2 * i + 1] = 0x5bd1e995;
  }
  kernels.run.unhashF64(at, tried, at);
  const numbers = kernels.f64.slice(at / 8, at / 8 + tried).filter(key => !Number.isNaN(key));
  return Array.from(numbers.subarray(0, n));
}

/** Runs something; gives how often ranges were cut from ranges, one in the other. */
async function depthOf(run: () => Promise<unknown>): Promise<number> {
  const levels = new Map<HashBounds, number>();
  const { boundsOf } = HashRanges.prototype;
  const spy = spyOn(HashRanges.prototype, "boundsOf").mockImplementation(function (this: HashRanges, range: number) {
    const bounds = boundsOf.call(this, range);
    levels.set(bounds, (levels.get((this as unknown as { bounds: HashBounds }).bounds) ?? 0) + 1);
    return bounds;
  });
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  return Math.max(0, ...levels.values());
}

describe("keys that hashing parts late or never", () => {
  const rows = pairs(
    40_000,
    i => i,
    i => `${i}${padding}`.slice(0, 150),
  );

  test("ranges are cut again, level by level, for keys whose hashes are alike", async () => {
    const alike = numbersAlike(16_000, 16);
    const plan = plans.groupByKey(rowsPlan(rows.map(([key, value]): Pair => [alike[(key as number) % 16_000], value])));
    expect(await depthOf(() => expectSpilled(plans.groupByKey(rowsPlan(rows)), 6 * MiB))).toBeLessThan(2);
    expect(await depthOf(() => expectSpilled(plan, 6 * MiB))).toBeGreaterThanOrEqual(2);
  });

  test("groups of keys that no cut parts are read one after the other, in order", async () => {
    const alike = numbersAlike(5, 8);
    const hot = rowsPlan(rows.map(([key, value]): Pair => [alike[(key as number) % 5], value]));
    const few = rowsPlan(alike.map((key): Pair => [key, "few"]));
    // some cuts find that out, and then there are no more
    expect(await depthOf(() => expectSpilled(plans.groupByKey(hot), 5 * MiB))).toBeLessThan(16);
    const { rows: groups } = await expectSpilled(plans.cogroup(few, hot, few), 5 * MiB);
    expect(groups.map(group => (group as [number, unknown[][]])[1].map(({ length }) => length))).toEqual(
      alike.map(() => [1, 8000, 1]),
    );
  });
});

describe("one huge group", () => {
  const others = pairs(6000, i => `k${i}`);

  test("larger than all memory, alone and among others", async () => {
    const hot = pairs(40_000, () => "hot");
    for (const rows of [hot, [...others, ...hot, ...others]]) {
      const { rows: groups } = await expectSpilled(plans.groupByKey(rowsPlan(rows)), 6 * MiB);
      expect(groups.find(group => (group as Pair)[0] === "hot")).toHaveProperty(["1", "length"], 40_000);
      await expectSpilled(plans.cogroup(rowsPlan(others), rowsPlan(rows)), 6 * MiB);
    }
  });

  test("that fits once, beside what was read, and not twice", async () => {
    const rows = [...others, ...pairs(14_000, () => ["hot", 1]), ...others];
    for (const make of [plans.groupByKey, plans.cogroup]) await expectSpilled(make(rowsPlan(rows)), 9 * MiB);
  });

  test("of numbers, of nothing, and of mixed values", async () => {
    const values: Record<string, (i: number) => unknown> = {
      numbers: i => i / 3,
      mixed: i => (i % 3 === 0 ? i : { n: i, text: padding.slice(0, i % 40) }),
    };
    for (const valueOf of Object.values(values))
      await expectSpilled(plans.groupByKey(rowsPlan(pairs(300_000, () => "hot", valueOf))), 5 * MiB);
    const nothing = rowsPlan(
      pairs(
        100_000,
        i => (i % 2 === 0 ? "hot" : i),
        () => undefined,
      ),
    );
    expectSame(
      await runPlan(plans.groupByKey(nothing), { memoryBytes: 5 * MiB }),
      await runPlan(plans.groupByKey(nothing)),
    );
  });
});

describe("one huge key or row", () => {
  const filler = pairs(50_000, i => `k${i}`);
  /** Of which a row has two megabytes, or its key is the whole row, or there are two operators. */
  const larger = new Set(["rightOuterJoin", "rows that both have", "zip of sorted rows"]);
  const filler2 = pairs(300, i => `k${i}`);

  for (const [name, make] of Object.entries(allOperators)) {
    if (name === "reduceByKey of numbers" || name === "reduceByKey of tuples") continue;
    test(`a key, and a value, of a megabyte: ${name}`, async () => {
      const [key, value] = ["a".repeat(MiB), "b".repeat(MiB)];
      const left: Pair[] = [[key, 1], ...filler, [key, 2], ["k7", value]];
      const plan = make(rowsPlan(left), rowsPlan([...filler2, [key, 3], ["k7", value]]));
      const memoryBytes = larger.has(name) ? 24 * MiB : 16 * MiB;
      expectSame(await runPlan(plan, { memoryBytes }), await runPlan(plan, { inJavaScript: true }));
    });
  }

  test("of a size that no memory holds: who wants how much, of which row, and what to do", async () => {
    const rows: Pair[] = [...filler.slice(0, 9000), ["k1".repeat(50), "b".repeat(17 * MiB)]];
    const key = `"${"k1".repeat(50).slice(0, 39)}…`;
    for (const [name, of, what] of [
      ["sortByKey", "the pairs of sortByKey", `with the key ${key}`],
      ["join", "the pairs of join", `with the key ${key}`],
      ["distinct", "the rows of distinct", `with the key ${key}`],
    ] as const) {
      const make = { sortByKey: plans.sortByKey, join: plans.join, distinct: plans.distinct }[name];
      const error = await failure(make(rowsPlan(rows), rowsPlan(rows) as never));
      expect([name, error.kind]).toEqual([name, "resource"]);
      expect(error.message).toStartWith(
        `${name} needs 17.0 MiB more engine memory and cannot have it: its task holds `,
      );
      expect(error.message).toEndWith(`; all of it is for one of ${of}, of 17.0 MiB or more: ${what}`);
      expect(error.hint).toMatch(/^raise firesteel\.executor\.memory \(engine memory is .* now\)$/);
    }
  });

  async function failure(plan: Plan): Promise<FiresteelError> {
    try {
      await runPlan(plan, { memoryBytes: 16 * MiB });
    } catch (error) {
      return error as FiresteelError;
    }
    throw new Error("it did not fail");
  }
});

describe("a third of a task's memory in one row", () => {
  const memoryBytes = 12 * MiB;
  const third = memoryBytes / 3;
  const filler = pairs(6000, i => `k${i}`);
  const shapes: Record<string, readonly Pair[]> = {
    "a value": [["k7", "b".repeat(third)]],
    "a key, twice": [
      ["a".repeat(third), 1],
      ["a".repeat(third), 2],
    ],
    "a list": [["k8", Array.from({ length: third / 8 }, (_, i) => i & 255)]],
    "a list of objects": [
      ["k9", Array.from({ length: 3500 }, (_, i) => ({ i, text: padding.repeat(3), rest: i % 2 === 0 ? i : [i] }))],
    ],
    "a key that is a list, twice": [
      [Array.from({ length: third / 16 }, (_, i) => i), 1],
      [Array.from({ length: third / 16 }, (_, i) => i), 2],
    ],
  };
  /** Which would give such a row more than once in one. */
  const others = new Set(["cartesian", "zip of sorted rows", "rows that both have"]);
  const some = new Set(["foldByKey", "distinct", "groupByKey", "sortByKey", "join"]);

  for (const [shape, large] of Object.entries(shapes)) {
    test(
      shape,
      async () => {
        const rows = [...filler.slice(0, 3000), ...large, ...filler.slice(3000)];
        for (const [name, make] of Object.entries(allOperators)) {
          if (name === "reduceByKey of numbers" || name === "reduceByKey of tuples" || others.has(name)) continue;
          if (shape.includes("list") && !some.has(name)) continue;
          // a merge needs the keys of two runs at a time
          const given = name.startsWith("sort") ? rows.filter(row => row !== large[1]) : rows;
          const plan = make(rowsPlan(given), rowsPlan(filler.slice(0, 300)));
          const actual = await runPlan(plan, { memoryBytes }).catch(error => {
            throw new Error(`${name}: ${error}`, { cause: error });
          });
          const expected = await runPlan(plan, { inJavaScript: true });
          // long lists are the same text sooner than the same items
          expect([name, JSON.stringify(actual.rows) === JSON.stringify(expected.rows)]).toEqual([name, true]);
          expect([name, actual.heldBytes, actual.filesLeft]).toEqual([name, 0, 0]);
          if (name === "distinct" || /^(group|cogroup|sort)/.test(name)) expect(actual.spilledBytes).toBeGreaterThan(0);
        }
      },
      120_000,
    );
  }

  test("folds of a key that no table has room for go on, in row order, where the table left off", async () => {
    const key = "a".repeat(third);
    const rows = Array.from({ length: 12 }, (_, i): Pair => [i % 3 === 0 ? key : `k${i}`, `${i}`]);
    for (const form of [
      { merge: (a: string, b: string) => `${a}(${b})` },
      { create: (v: string) => [v], merge: (a: string[], b: string) => [...a, b] },
      { zero: "z", merge: (a: string, b: string) => `${a}(${b})` },
    ]) {
      const plan = plans.reduceByKey(rowsPlan(rows), form);
      const actual = await runPlan(plan, { memoryBytes: 3 * third });
      expect(actual.spilledBytes).toBeGreaterThan(0);
      expectSame(actual, await runPlan(plan, { inJavaScript: true }));
    }
  });

  test("accumulators that grow to a third", async () => {
    const rows = Array.from({ length: 12 }, (_, i): Pair => [i % 3, "é".repeat(third / 8)]);
    const others = pairs(
      50_000,
      i => `${i}${padding}`,
      i => `${i}`,
    );
    const plan = plans.reduceByKey(rowsPlan([...rows, ...others]), { merge: (a: string, b: string) => a + b });
    const actual = await runPlan(plan, { memoryBytes });
    expect(actual.spilledBytes).toBeGreaterThan(0);
    expectSame(actual, await runPlan(plan, { inJavaScript: true }));
  });
});

describe("all keys equal, and all different", () => {
  const shapes: Record<string, (i: number) => string> = { equal: () => "one", different: i => `${padding}${i}` };
  for (const [shape, keyOf] of Object.entries(shapes)) {
    for (const [name, make] of Object.entries(allOperators)) {
      if (name === "reduceByKey of numbers" || name === "reduceByKey of tuples") continue;
      test(`${shape}: ${name}`, async () => {
        const plan = make(rowsPlan(pairs(12_000, keyOf)), rowsPlan([[keyOf(7), 1]]));
        const actual = await runPlan(plan, { memoryBytes: 5 * MiB });
        expectSame(actual, await runPlan(plan, { inJavaScript: true }));
        const fitsAlways = shape === "equal" && (name === "foldByKey" || name === "reduceByKey of objects");
        expect(actual.spilledBytes > 0).toBe(!fitsAlways);
      });
    }
  }
});
