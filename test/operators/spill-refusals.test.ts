/**
 * Whenever memory is refused, and whenever another operator asks for it, an operator gives the same rows in the same order: random
 * rows, and refusals and requests to spill at random moments. FIRESTEEL_SEED runs one seed.
 */
import { expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { randomRows, randomValue, seeds } from "../data/random-values.ts";
import { allOperators, expectSame, type Pair, plans, type Pressure, rowsPlan, runPlan } from "./task-fixture.ts";

/** Pairs of which many share keys; most often enough bytes that spilling frees some. */
function randomPairs(random: Random, n: number): Pair[] {
  const keyOf = random.below(4) === 0 ? () => randomValue(random, 1) : randomRows(random, 1);
  const keys = Array.from({ length: 1 + random.below(n) }, keyOf);
  const valueOf = randomRows(random, 1);
  const padding = "p".repeat(random.below(400));
  return Array.from({ length: n }, (_, i) => {
    return [keys[random.below(keys.length)], [i, padding, random.below(40) === 0 ? randomValue(random, 1) : valueOf()]];
  });
}

/** Ways of refusing, of an operator that makes about so many requests. */
function pressures(random: Random, requests: number): Pressure[] {
  const at = 16 + random.below(requests);
  const burst = 2 + random.below(6);
  const large = 1 << (16 + random.below(4));
  const from = 40 + random.below(requests / 2);
  const every = 2 + random.below(30);
  return [
    { refuses: n => n === at },
    // while the first rows come, so that the smallest of tables spill too
    ...[15, 20, 25].map(first => ({ refuses: (n: number) => n === first })),
    { refuses: n => n >= at && n < at + burst },
    { refuses: (n, bytes) => bytes > large && n > from },
    { asks: n => n % every === 0 },
    { asks: n => n % every === 0, refuses: n => n === at },
  ];
}

const operators: Record<string, (a: Plan, b: Plan) => Plan> = {
  ...allOperators,
  "reduceByKey of numbers": a => plans.reduceByKey(a, { merge: (x: unknown[], y: unknown[]) => [y[0], x[1], x[2]] }),
};

for (const [name, make] of Object.entries(operators)) {
  test(name, async () => {
    let [runs, spilled, failed] = [0, 0, 0];
    const chosen = seeds(3);
    for (const seed of chosen) {
      const random = new Random(seed);
      const plan = make(rowsPlan(randomPairs(random, 1000)), rowsPlan(randomPairs(random, 500)));
      const expected = await runPlan(plan);
      expectSame(await runPlan(plan, { inJavaScript: true }), expected);
      for (const pressure of pressures(random, expected.requests)) {
        runs++;
        try {
          const actual = await runPlan(plan, pressure);
          if (actual.spilledBytes > 0) spilled++;
          expectSame(actual, expected);
        } catch (error) {
          // that one request too many was refused is a clear error, never a wrong row
          if (!(error instanceof FiresteelError) || error.kind !== "resource")
            throw new Error(`with FIRESTEEL_SEED=${seed}`, { cause: error });
          failed++;
        }
      }
    }
    if (chosen.length === 1) return;
    expect(spilled).toBeGreaterThan(0);
    expect(failed).toBeLessThan(runs / 2);
  });
}
