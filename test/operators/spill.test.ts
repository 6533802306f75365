/**
 * At little memory operators spill, and give the same rows in the same order. Held against the same operator with ample memory,
 * which test/api holds against plain arrays.
 */
import { describe, expect, test } from "bun:test";
import * as nodeFs from "node:fs";
import type { FiresteelError } from "../../src/base/errors.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import type { SpillFs } from "../../src/storage/spill-file.ts";
import { allOperators, expectSame, type Pair, plans, rowsPlan, runPlan } from "./task-fixture.ts";

const littleBytes = 5 * 2 ** 20;

/** n pairs with `keys` different keys; values are about `bytes` long, or numbers. */
function pairs(n: number, keys: number, bytes: number, keyOf: (i: number) => unknown = i => i): Pair[] {
  const padding = "v".repeat(bytes);
  return Array.from({ length: n }, (_, i) => [keyOf((i * 7919) % keys), bytes === 0 ? i / 3 : `${i}${padding}`]);
}

async function expectSpilled(plan: Plan, memoryBytes = littleBytes): Promise<unknown[]> {
  const expected = await runPlan(plan, { inJavaScript: true });
  expect(expected.spilledBytes).toBe(0);
  const actual = await runPlan(plan, { memoryBytes });
  expect(actual.spilledBytes).toBeGreaterThan(0);
  expectSame(actual, expected);
  return actual.rows;
}

describe("at little memory", () => {
  const long = "k".repeat(90);
  const inputs: Record<string, [Pair[], Pair[]]> = {
    "numbers, all different": [pairs(120_000, 120_000, 0), pairs(90_000, 110_000, 0)],
    "strings of many keys": [
      pairs(24_000, 16_000, 120, i => `${long} ${i}`),
      pairs(8_000, 15_000, 120, i => `${long} ${i}`),
    ],
    tuples: [
      pairs(24_000, 16_000, 60, i => [i % 100, `${long}${i}`]),
      pairs(8_000, 14_000, 60, i => [i % 100, `${long}${i}`]),
    ],
  };
  for (const [name, make] of Object.entries(allOperators)) {
    for (const [input, [a, b]] of Object.entries(inputs)) {
      if ((name === "reduceByKey of numbers" || name === "reduceByKey of tuples") && input !== "numbers, all different")
        continue;
      test(`${name}, ${input}`, async () => void (await expectSpilled(make(rowsPlan(a), rowsPlan(b)))));
    }
  }
});

test("folds in generated code spill, and go on so", async () => {
  for (const name of ["reduceByKey of numbers", "reduceByKey of tuples"]) {
    const plan = allOperators[name]!(rowsPlan(pairs(150_000, 90_000, 0)), rowsPlan([]));
    const expected = await runPlan(plan, { inJavaScript: true });
    const actual = await runPlan(plan, { memoryBytes: littleBytes });
    expectSame(actual, expected);
    expect(actual.spilledBytes).toBeGreaterThan(0);
    // the rows read are counted as well, as JavaScript's
    expect(actual.kernelRows).toBeGreaterThanOrEqual(150_000);
    expect(actual.jsRows).toBe(150_000);
  }
});

const padding = "v".repeat(120);

/** Found by turning hashes back into the numbers that have them. */
function numbersOfOneUpperHash(n: number): number[] {
  const kernels = instantiateKernels(createKernelMemory(4 * 2 ** 20), compileKernels());
  const at = 2 ** 20;
  for (let i = 0; i < 2 * n; i++) {
    kernels.u32[at / 4 + 2 * i] = (i * 2654435761) >>> 0;
    kernels.u32[at / 4 + 2 * i + 1] = 0x5bd1e995;
  }
  kernels.run.unhashF64(at, 2 * n, at);
  const numbers = kernels.f64.slice(at / 8, at / 8 + 2 * n).filter(key => !Number.isNaN(key));
  return Array.from(numbers.subarray(0, n));
}

describe("skew", () => {
  test("sums of one key and many others go on in memory", async () => {
    const rows = pairs(150_000, 100_000, 0).flatMap((pair): Pair[] => [pair, ["hot", 0.1]]);
    await expectSpilled(plans.reduceByKey(rowsPlan(rows), { merge: (x: number, y: number) => x * 0.5 + y }));
  });

  test("one key with many rows beside many with few", async () => {
    const rows = pairs(90_000, 50_000, 0).map(([key, value], i): Pair => [i % 3 === 0 ? "hot" : key, value]);
    const groups = (await expectSpilled(plans.groupByKey(rowsPlan(rows)))) as [unknown, number[]][];
    expect(groups.find(([key]) => key === "hot")![1]).toHaveLength(30_000);
  });

  test("keys whose hashes have the upper half in common are cut by the lower one, level by level", async () => {
    const keys = numbersOfOneUpperHash(30_000);
    const rows = Array.from({ length: 60_000 }, (_, i): Pair => [keys[(i * 7919) % keys.length]!, `${i}${padding}`]);
    const [a, b] = [rowsPlan(rows), rowsPlan(rows.slice(0, 30_000))];
    const distinctKeys = new Set(keys).size;
    for (const make of [plans.groupByKey, plans.distinct, plans.sortByKey]) await expectSpilled(make(a));
    expect(await expectSpilled(plans.cogroup(a, b))).toHaveLength(distinctKeys);
    expect(await expectSpilled(plans.join(b, a))).toHaveLength(60_000);
    const numbers = rowsPlan(numbersOfOneUpperHash(120_000).map((key, i): Pair => [key, i]));
    await expectSpilled(plans.reduceByKey(numbers, { merge: (x: number, y: number) => x + y }));
  });

  test("equal keys keep row order in a sort", async () => {
    await expectSpilled(plans.sortByKey(rowsPlan(pairs(120_000, 1, 0))));
    await expectSpilled(plans.sortByKey(rowsPlan(pairs(120_000, 3, 0, i => `k${i}`)), false));
  });

  test("a join whose right side is all of one key", async () => {
    const right = pairs(30_000, 1, 150, () => "hot");
    const left: Pair[] = [
      ["cold", 1],
      ["hot", 2],
      ["hot", 3],
      ["lukewarm", 4],
    ];
    const joined = await expectSpilled(plans.join(rowsPlan(left), rowsPlan(right)), 4.5 * 2 ** 20);
    expect(joined).toHaveLength(60_000);
    await expectSpilled(plans.leftOuterJoin(rowsPlan(left), rowsPlan(right)), 4.5 * 2 ** 20);
  });

  test("rows of a megabyte", async () => {
    const big = (i: number): Pair => [`k${i % 5}`, String.fromCharCode(97 + i).repeat(1 << 20)];
    const rows = Array.from({ length: 12 }, (_, i) => big(i));
    for (const make of [plans.sortByKey, plans.distinct]) await expectSpilled(make(rowsPlan(rows)), 12 * 2 ** 20);
    const few = rows.slice(0, 2);
    await expectSpilled(
      plans.join(
        rowsPlan([...few, ...pairs(20_000, 20_000, 100, i => `x${i}`)]),
        rowsPlan(pairs(20_000, 20_000, 100, i => `x${i}`)),
      ),
      10 * 2 ** 20,
    );
  });

  test("a key of −0 is 0, wherever it was met", async () => {
    const rows: unknown[] = [...Array.from({ length: 60_000 }, (_, i) => (i < 9000 ? `s${i}` : i)), -0, "end", -0];
    const keys = await expectSpilled(plans.distinct(rowsPlan(rows)), 4.5 * 2 ** 20);
    expect(keys.filter(key => key === 0).map(key => Object.is(key, -0))).toEqual([false]);
  });
});

describe("when spilling cannot help", () => {
  async function failure(plan: Plan, memoryBytes: number, fs?: SpillFs): Promise<FiresteelError> {
    try {
      await runPlan(plan, { memoryBytes, ...(fs && { fs }) });
    } catch (error) {
      return error as FiresteelError;
    }
    throw new Error("it did not fail");
  }

  test("a full disk is a clear error, and the file goes", async () => {
    const unlinked: string[] = [];
    let bytesLeft = 300_000;
    const fs: SpillFs = {
      ...nodeFs,
      writeSync: ((...args: Parameters<typeof nodeFs.writeSync>) => {
        bytesLeft -= Number(args[3]);
        if (bytesLeft < 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        return nodeFs.writeSync(...args);
      }) as typeof nodeFs.writeSync,
      unlinkSync: path => {
        unlinked.push(String(path));
        nodeFs.unlinkSync(path);
      },
    };
    for (const make of [plans.sortByKey, plans.groupByKey]) {
      const error = await failure(make(rowsPlan(pairs(120_000, 120_000, 0))), littleBytes, fs);
      expect(error.kind).toBe("resource");
      expect(error.message).toContain("disk full while spilling rows of");
      expect(unlinked.length).toBeGreaterThan(0);
    }
  });

  test("a damaged file is found out", async () => {
    let reads = 0;
    const fs: SpillFs = {
      ...nodeFs,
      readSync: ((...args: Parameters<typeof nodeFs.readSync>) => {
        const bytes = nodeFs.readSync(...args);
        const [, buffer, at] = args as unknown as [number, Uint8Array, number];
        if (++reads > 40 && bytes > 100) buffer[at + 50] = buffer[at + 50]! ^ 1;
        return bytes;
      }) as typeof nodeFs.readSync,
    };
    const error = await failure(plans.sortByKey(rowsPlan(pairs(120_000, 120_000, 0))), littleBytes, fs);
    expect(error.kind).toBe("data");
    expect(error.message).toMatch(/^a spilled block cannot be read back/);
  });
});
