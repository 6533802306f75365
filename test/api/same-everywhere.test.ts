/** The same job gives the same rows in the same order, floating-point sums included, on any number of threads and at any memory. */
import { expect, test } from "bun:test";
import { difference } from "../data/same.ts";
import { loadSuite, startContext, stopContext, type SuiteOptions } from "./suite.ts";
import type { Jobs } from "./suites/same-everywhere.ts";

const jobs = await loadSuite<Jobs>("same-everywhere");
const places: readonly (SuiteOptions & { readonly spills: boolean })[] = [
  { master: "local[1]", conf: { "firesteel.executor.memory": "256m" }, spills: false },
  { master: "local[2]", conf: { "firesteel.executor.memory": "28m" }, spills: true },
  { master: "local[4]", conf: { "firesteel.executor.memory": "256m" }, spills: false },
];
const placeMaxMs = 30_000;
const results = new Map<string, unknown[]>();

for (const place of places) {
  test(`${Object.keys(jobs).length} jobs on ${place.master}${place.spills ? " with little memory" : ""}`, async () => {
    let spilledBytes = 0;
    const ctx = await startContext("same-everywhere", place, {
      onEvent: event => {
        if (event.type === "taskEnded") spilledBytes += event.metrics?.spilledBytes ?? 0;
      },
    });
    try {
      for (const [name, run] of Object.entries(jobs)) results.set(name, [...(results.get(name) ?? []), await run(ctx)]);
      expect(spilledBytes > 1e6).toBe(place.spills);
    } finally {
      await stopContext(ctx);
    }
  }, placeMaxMs);
}

test("the results are the same", () => {
  for (const [name, [first, ...others]] of results) {
    expect(others.length).toBe(places.length - 1);
    for (const other of others) expect([name, difference(other, first)]).toEqual([name, undefined]);
  }
});
