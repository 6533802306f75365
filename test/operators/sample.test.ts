/** Samples and sketches of rows that come in any chunks and layouts, with memory refused at any moment: the same rows. */
import { expect, test } from "bun:test";
import type { RddId } from "../../src/base/ids.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { encodeValue } from "../../src/data/value-codec.ts";
import type { Plan, SamplePlan } from "../../src/plan/nodes.ts";
import { randomRows, seeds } from "../data/random-values.ts";
import { difference } from "../data/same.ts";
import { chunked } from "./chunked-rows.ts";
import { expectSame, rowsPlan, runPlan } from "./task-fixture.ts";

const node = { id: 0 as RddId, at: undefined };

const sampled = (parent: Plan, sample: SamplePlan["sample"], withReplacement: boolean, seed: number): Plan => ({
  ...{ ...node, operator: "sample", op: "sample" },
  ...{ parent, sample, withReplacement, seed },
});
const registers = (parent: Plan, of: "rows" | "pairs"): Plan => ({
  ...{ ...node, operator: "countApproxDistinct", op: "registers" },
  ...{ parent, precision: 9, of },
});

/** One more of each, for a number of rows that are pairs with the keys 0 … 9. */
const kinds: readonly ((parent: Plan, seed: number) => Plan)[] = [
  (parent, seed) => sampled(parent, { kind: "rows", from: 0, to: 0.05 }, false, seed),
  (parent, seed) => sampled(parent, { kind: "rows", from: 0.2, to: 0.9 }, false, seed),
  (parent, seed) => sampled(parent, { kind: "rows", from: 0, to: 3 }, true, seed),
  (parent, seed) => sampled(parent, { kind: "keys", fractions: fractions(1) }, false, seed),
  (parent, seed) => sampled(parent, { kind: "keys", fractions: fractions(12) }, true, seed),
  parent => registers(parent, "rows"),
  parent => registers(parent, "pairs"),
];

function fractions(most: number): Uint8Array {
  return encodeValue(Array.from({ length: 10 }, (_, key) => [key, (key / 10) * most]));
}

/** In the order of their keys, as columns are. */
function pairsOf(random: Random, rows: number): [number, unknown][] {
  const values = Array.from({ length: rows }, randomRows(random, 1));
  return values.map((value, i): [number, unknown] => [Math.floor((i * 10) / rows), value]);
}

function cuts(random: Random, rows: number): number[] {
  const lengths: number[] = [];
  for (let left = rows; left > 0; left -= lengths.at(-1)!) lengths.push(Math.min(left, random.below(rows)));
  return lengths;
}

test("what is drawn does not depend on how the rows come", async () => {
  for (const seed of seeds(1)) {
    const random = new Random(seed);
    const rows = pairsOf(random, 200 + random.below(600));
    for (const kind of kinds) {
      const expected = await runPlan(kind(rowsPlan(rows), seed));
      for (const asColumns of [false, true]) {
        const actual = await runPlan(kind(chunked(rows, cuts(random, rows.length), asColumns), seed));
        expect([seed, kinds.indexOf(kind), difference(actual.rows, expected.rows)]).toEqual([
          seed,
          kinds.indexOf(kind),
          undefined,
        ]);
        expect(actual.heldBytes).toBe(0);
      }
    }
  }
});

test("numbers of a range are drawn as those of an array", async () => {
  const range: Plan = { ...node, operator: "range", op: "range", start: 5, step: 3, rows: 20_000, partitions: 1 };
  const rows = Array.from({ length: 20_000 }, (_, i) => 5 + 3 * i);
  for (const kind of [kinds[0]!, kinds[1]!, kinds[2]!, kinds[5]!])
    expectSame(await runPlan(kind(range, 9)), await runPlan(kind(rowsPlan(rows), 9)));
});

test("large fractions make many rows of few, a batch at a time", async () => {
  const plan = (rows: Plan) => sampled(rows, { kind: "rows", from: 0, to: 20_000 }, true, 3);
  const { rows } = await runPlan(plan(rowsPlan(["a", "b", "c"])));
  expect(Math.abs(rows.length - 60_000)).toBeLessThan(6 * Math.sqrt(60_000));
  expect(new Set(rows)).toEqual(new Set(["a", "b", "c"]));
  const columns = await runPlan(plan(chunked([["a", 1]], [1], true)), { memoryBytes: 4 * 2 ** 20 });
  expect(Math.abs(columns.rows.length - 20_000)).toBeLessThan(6 * Math.sqrt(20_000));
});

test("whenever memory is refused", async () => {
  let [failed, refused, runs] = [0, 0, 0];
  for (const seed of seeds(1)) {
    const random = new Random(seed);
    const rows = pairsOf(random, 700).map(([key, value]) => [key, [value, "p".repeat(random.below(300))]]);
    for (const kind of kinds) {
      const plan = kind(chunked(rows, [300, 400], true), seed);
      const expected = await runPlan(plan);
      const at = random.below(expected.requests);
      for (const refuses of [(n: number) => n === at, (n: number, bytes: number) => n > 20 && bytes > 100_000]) {
        runs++;
        try {
          const actual = await runPlan(plan, { refuses });
          refused += actual.refusals;
          expectSame(actual, expected);
        } catch (error) {
          if (!(error instanceof FiresteelError) || error.kind !== "resource")
            throw new Error(`with FIRESTEEL_SEED=${seed}`, { cause: error });
          failed++;
        }
      }
    }
  }
  expect(refused).toBeGreaterThan(0);
  expect(failed).toBeLessThan(runs / 2);
});

test("pairs are wanted where keys are", async () => {
  for (const kind of [kinds[3]!, kinds[6]!]) {
    const failure = runPlan(kind(rowsPlan([[1, 2], "no pair"]), 1)).catch((error: unknown) => (error as Error).message);
    expect(await failure).toMatch(/^(sample|countApproxDistinct) needs pairs, but a row is "no pair"$/);
  }
});
