/** Keys between two by the total order of values, whatever layout they have. */
import { expect, test } from "bun:test";
import { compareValues } from "../../src/data/compare.ts";
import { encodeValue } from "../../src/data/value-codec.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { difference } from "../data/same.ts";
import { plans, rowsPlan, runPlan } from "./task-fixture.ts";

const memoryBytes = 8 << 20;
const layouts: Record<string, unknown[]> = {
  numbers: [3, -0, NaN, 0, -Infinity, 5e-324, -7.5, Infinity, 3, NaN, 2 ** 53],
  strings: ["b", "", "a\0", "a", "é", "😀", "\ud800", "ab", "b", "\uffff"],
  tuples: [[1, "a"], [1], [], [1, "b"], [0, NaN], [1, "a"], [-0, "z"]],
  mixed: [1, "1", undefined, null, true, [1], 1n, "one", { a: 1 }, new Date(0), NaN, -0],
};

function filtered(parent: Plan, lower: unknown, upper: unknown): Plan {
  const bounds = { lower: encodeValue(lower), upper: encodeValue(upper), ranges: undefined };
  return { ...rowsPlan([]), operator: "filterByRange", op: "filterByRange", parent, ...bounds } as Plan;
}

for (const [name, keys] of Object.entries(layouts)) {
  test(name, async () => {
    const pairs = keys.map((key, i) => [key, i]);
    const sorted = pairs.toSorted(([a], [b]) => compareValues(a, b));
    const others = Object.values(layouts).map(([first]) => first);
    for (const [i, lower] of [...keys, ...others].entries()) {
      const upper = keys[(i * 5 + 3) % keys.length];
      const within = ([key]: unknown[]) => compareValues(lower, key) <= 0 && compareValues(key, upper) <= 0;
      const ofRows = await runPlan(filtered(rowsPlan(pairs), lower, upper), { memoryBytes });
      expect(difference(ofRows.rows, pairs.filter(within))).toBeUndefined();
      const plan = filtered(plans.sortByKey(rowsPlan(pairs)), lower, upper);
      const ofColumns = await runPlan(plan, { memoryBytes });
      expect(difference(ofColumns.rows, sorted.filter(within))).toBeUndefined();
      const refused = await runPlan(plan, { memoryBytes, refuses: n => n === ofColumns.requests - 1 });
      expect(difference(refused.rows, ofColumns.rows)).toBeUndefined();
      expect(ofColumns.heldBytes).toBe(0);
    }
  });
}
