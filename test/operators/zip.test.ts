/** Rows side by side, however the chunks of either side are cut, and what is said when there are not equally many. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import type { FiresteelError } from "../../src/base/errors.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { seeds } from "../data/random-values.ts";
import { difference } from "../data/same.ts";
import { chunked } from "./chunked-rows.ts";
import { plans, runPlan } from "./task-fixture.ts";

const rowsOf = (n: number, mark: string) => Array.from({ length: n }, (_, i) => [i, `${mark}${i}`]);

/** Lengths that add up, empty ones and long ones among them. */
function cut(random: Random, rows: number): number[] {
  const lengths: number[] = [];
  for (let left = rows; left > 0;) {
    const length = random.below(5) === 0 ? 0 : Math.min(left, 1 + random.below(random.below(3) === 0 ? 9000 : 40));
    lengths.push(length);
    left -= length;
  }
  return lengths;
}

test("any chunks of columns and rows", async () => {
  for (const seed of seeds(12)) {
    const random = new Random(seed);
    const n = random.below(20_000);
    const [a, b] = [rowsOf(n, "a"), rowsOf(n, "b")];
    const [left, right] = [random.below(2) === 0, random.below(2) === 0];
    const actual = await runPlan(plans.zip(chunked(a, cut(random, n), left), chunked(b, cut(random, n), right)));
    const wrong = difference(
      actual.rows,
      a.map((row, i) => [row, b[i]]),
    );
    if (wrong !== undefined) throw new Error(`with FIRESTEEL_SEED=${seed}: ${wrong}`);
    expect(actual.heldBytes).toBe(0);
  }
});

test("both counts are said, wherever the shorter side ends", async () => {
  for (const [left, right] of [
    [[5], [2, 2]],
    [[2, 0, 2], [5]],
    [[], [9000, 1]],
    [[3], []],
    [[3], [3, 0, 1]],
  ]) {
    for (const asColumns of [false, true]) {
      const [m, n] = [left!, right!].map(lengths => lengths.reduce((sum, length) => sum + length, 0));
      const plan = plans.zip(chunked(rowsOf(m!, "a"), left!, asColumns), chunked(rowsOf(n!, "b"), right!, false));
      const error = await runPlan(plan).catch((thrown: unknown) => thrown as FiresteelError);
      expect((error as FiresteelError).message).toBe(
        `zip needs equally many rows in each partition, but partition 0 has ${m} on the left and ${n} on the right`,
      );
    }
  }
});

test("without memory for numbers they are JavaScript's", async () => {
  const range = {
    ...chunked([], [], false),
    operator: "range",
    op: "range",
    start: 5,
    step: 2,
    rows: 9000,
    partitions: 1,
  };
  const parent = range as unknown as Plan;
  const numbered = { ...parent, operator: "zipWithUniqueId", op: "zipWithUniqueId", parent, partitions: 3 } as Plan;
  for (const plan of [plans.zip(parent, parent), numbered]) {
    const expected = await runPlan(plan);
    const actual = await runPlan(plan, { refuses: n => n >= 0 });
    expect(actual.refusals).toBeGreaterThan(0);
    expect(difference(actual.rows, expected.rows)).toBeUndefined();
    expect(expected.rows[8999]).toEqual([18003, plan === numbered ? 26997 : 18003]);
  }
});
