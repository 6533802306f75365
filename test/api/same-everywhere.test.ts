/**
 * The same job gives the same rows in the same order, floating-point sums included, on any number of threads, at any memory, and
 * whoever runs its functions, generated code or JavaScript.
 */
import { expect, test } from "bun:test";
import { difference } from "../data/same.ts";
import { loadSuite, startContext, stopContext, type SuiteOptions } from "./suite.ts";
import type { Jobs } from "./suites/same-everywhere.ts";

const jobs = await loadSuite<Jobs>("same-everywhere");
const places: readonly SuiteOptions[] = [
  { master: "local[1]" },
  { master: "local[2]", conf: { "firesteel.executor.memory": "16m" } },
  { master: "local[4]" },
  { master: "local[2]", conf: { "firesteel.codegen": false } },
  { master: "local-cluster[2,2,64]" },
];
const results = new Map<string, unknown[]>();

for (const place of places) {
  test(`${Object.keys(jobs).length} jobs on ${place.master} ${Object.entries(place.conf ?? {}).join(" ")}`, async () => {
    const ctx = await startContext("same-everywhere", place);
    try {
      for (const [name, run] of Object.entries(jobs)) results.set(name, [...(results.get(name) ?? []), await run(ctx)]);
    } finally {
      await stopContext(ctx);
    }
  });
}

test("the results are the same", () => {
  for (const [name, [first, ...others]] of results) {
    expect(others.length).toBe(places.length - 1);
    for (const other of others) expect([name, difference(other, first)]).toEqual([name, undefined]);
  }
});
