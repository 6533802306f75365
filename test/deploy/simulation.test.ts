/** Hundreds of simulated lives of a cluster. A failure names its seed: `SEED=17 bun test test/deploy/simulation.test.ts` replays it. */
import { expect, test } from "bun:test";
import { simulate, type SimulationProfile } from "./simulation.ts";

const only = process.env["SEED"];

function simulateAll(seeds: number, profile: SimulationProfile): Record<string, number> {
  const totals: Record<string, number> = {};
  for (let seed = 0; seed < seeds; seed++) {
    if (only !== undefined && seed !== Number(only)) continue;
    const { counters } = simulate(seed, profile);
    for (const [name, count] of Object.entries(counters)) totals[name] = (totals[name] ?? 0) + count;
  }
  return totals;
}

test("300 seeds: no core is given twice, nothing leaks, every driver ends once", () => {
  const totals = simulateAll(300, { onlyMaster: false });
  if (only !== undefined) return;
  // a simulation in which nothing goes wrong proves nothing
  for (const [name, count] of Object.entries(totals)) expect([name, count > 100]).toEqual([name, true]);
}, 120_000);

test("50 seeds: a master that comes and goes disturbs nothing that runs", () => {
  const totals = simulateAll(50, { onlyMaster: true });
  if (only === undefined) expect(totals["masterCrashes"]).toBe(100);
}, 120_000);

test("the same seed tells the same story", () => {
  for (let seed = 0; seed < 5; seed++) {
    const [one, two] = [0, 1].map(() => simulate(seed, { onlyMaster: false }).transcript);
    expect(one).toEqual(two!);
  }
});
