/** A thousand simulated lives of both schedulers. A failure names its seed: `SEED=17 bun test test/schedule` replays it. */
import { expect, test } from "bun:test";
import { simulate } from "./simulation.ts";

const seeds = 1000;

test(`${seeds} seeds: every job ends rightly, whatever fails`, () => {
  const only = process.env["SEED"];
  const totals: Record<string, number> = {};
  for (let seed = 0; seed < seeds; seed++) {
    if (only !== undefined && seed !== Number(only)) continue;
    for (const [name, count] of Object.entries(simulate(seed).counters)) totals[name] = (totals[name] ?? 0) + count;
  }
  if (only !== undefined) return;
  // a simulation in which nothing goes wrong proves nothing
  for (const [name, count] of Object.entries(totals)) expect([name, count > 20]).toEqual([name, true]);
}, 120_000);

test("the same seed tells the same story", () => {
  for (let seed = 0; seed < 25; seed++) expect(simulate(seed).transcript).toEqual(simulate(seed).transcript);
});
