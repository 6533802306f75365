import { expect, test } from "bun:test";
import { simulate } from "./world.ts";

test("clusters keep their promises, whatever happens to them", async () => {
  const counts: Record<string, number> = {};
  for (let seed = 1; seed <= 150; seed++) {
    const result = await simulate(seed);
    for (const [name, count] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + count;
  }
  // what was to go wrong did
  for (const fault of [
    "executorsKilled",
    "executorsFrozen",
    "workersCrashed",
    "mastersCrashed",
    "partitions",
    "breaks",
  ])
    expect([fault, counts[fault]! > 0]).toEqual([fault, true]);
  expect(counts["jobsSucceeded"]).toBeGreaterThan(150);
  expect(counts["meetings"]).toBeGreaterThan(50);
}, 120_000);

test("a seed takes the same course every time", async () => {
  for (const seed of [7, 266]) expect((await simulate(seed)).transcript).toEqual((await simulate(seed)).transcript);
});
