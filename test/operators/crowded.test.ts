/**
 * An operator that can spill is never refused for good: neither when one request is refused, nor when other tasks begin at any
 * request and take their parts of memory, nor when others hold all but what it has. At requests chosen by a seed, and at the last;
 * FIRESTEEL_SEED runs one.
 */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { runAction } from "../../src/operators/actions.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { seeds } from "../data/random-values.ts";
import {
  allOperators,
  expectSame,
  inTask,
  plans,
  type Pressure,
  rangePlan,
  rowsPlan,
  runPlan,
} from "./task-fixture.ts";

/** Half of it is what a task with two operators that spill needs. */
const memoryBytes = 5 * 2 ** 20;
/** The first requests are for what spilling itself needs: who has none of it when another task begins may be refused. */
const requestsForTools = 8;
const padding = "p".repeat(200);

const texts = (n: number, keys: number, first = 0) =>
  rowsPlan(Array.from({ length: n }, (_, i) => [`k${(i * 7919 + first) % keys}`, `${i}${padding}`]));
const numbers = (n: number, keys: number) => rowsPlan(Array.from({ length: n }, (_, i) => [(i * 7919) % keys, i]));
const inputs = [texts(3000, 2000), texts(2500, 1700, 3)] as const;
const numberInputs = [numbers(30_000, 20_000), numbers(1000, 700)] as const;

const cases: Record<string, Plan> = {
  ...Object.fromEntries(
    Object.entries(allOperators).map(([name, make]) => [
      name,
      make(...(/numbers|tuples/.test(name) ? numberInputs : inputs)),
    ]),
  ),
  "cartesian of a range": plans.cartesian(rangePlan(2), inputs[1]),
  "cartesian of rows": plans.cartesian(rowsPlan([1, "x"]), inputs[1]),
  "cartesian of sorted rows": plans.cartesian(plans.sortByKey(numbers(2, 2)), inputs[1]),
};

for (const [name, plan] of Object.entries(cases)) {
  test(name, async () => {
    const expected = await runPlan(plan);
    const { requests } = expected;
    let [spilled, full] = [0, 0];
    const run = async (pressure: Pressure) => {
      const actual = await runPlan(plan, pressure);
      expectSame(actual, expected);
      if (actual.spilledBytes > 0) spilled++;
      return actual;
    };
    const chosen = seeds(2);
    for (const seed of chosen) {
      const random = new Random(seed);
      const [any, later] = [0, requestsForTools].map(from => from + random.below(requests - from));
      for (const at of seed === chosen[0] ? [any!, requests - 1] : [any!]) {
        const { refusals } = await run({ refuses: n => n === at });
        expect({ seed, at, refusals }).toEqual({ seed, at, refusals: 1 });
      }
      const { crowded } = await run({ memoryBytes, crowdedAt: later! });
      expect({ seed, later, crowded }).toEqual({ seed, later, crowded: true });
      const three = await run({ memoryBytes: 2 * memoryBytes, crowdedAt: later!, others: 3 });
      expect({ seed, later, crowded: three.crowded }).toEqual({ seed, later, crowded: true });
      const fullBytes = name.startsWith("zip") ? 1.5 * memoryBytes : memoryBytes;
      if ((await run({ memoryBytes: fullBytes, fullFrom: later! })).full) full++;
    }
    if (chosen.length > 1) expect(Math.min(spilled, full)).toBeGreaterThan(0);
  });
}

test("statistics of rows are the same when rows go on earlier", async () => {
  const plan = rowsPlan(Array.from({ length: 20_000 }, (_, i) => (i % 9) * 1.1 + i));
  const stats = (refuses: (n: number) => boolean) =>
    inTask({}, env => runAction({ kind: "stats" }, plan, 0, env), { refuses });
  let requests = 0;
  const expected = await stats(n => ((requests = n + 1), false));
  // the first two are for what is counted
  expect(requests).toBeGreaterThan(4);
  for (let at = 2; at < requests; at++) {
    let refused = 0;
    expect(await stats(n => n === at && ++refused > 0)).toEqual(expected);
    expect([at, refused]).toEqual([at, 1]);
  }
});
