/** Jobs whose results must be the same on any number of threads, at any memory, in generated code or JavaScript, and on a cluster. */
import { expect, test } from "bun:test";
import { difference } from "../data/same.ts";
import { loadSuite, startContext, stopContext, type SuiteOptions } from "./suite.ts";
import type { Jobs } from "./suites/same-everywhere.ts";

const places: readonly SuiteOptions[] = [
  { master: "local[1]" },
  { master: "local[2]", conf: { "firesteel.executor.memory": "16m" } },
  { master: "local[4]" },
  { master: "local[2]", conf: { "firesteel.codegen": false } },
  { master: "local-cluster[2,2,64]" },
];
/** All jobs of a place are one test, which other work of the machine may hold up. */
const placeMaxMs = 120_000;

/** Declares tests of `suites/<name>.ts`. Call it at the top of a test file, and await it. */
export async function declareSame(name: string): Promise<void> {
  const jobs = await loadSuite<Jobs>(name);
  const results = new Map<string, unknown[]>();
  for (const place of places) {
    const title = `${place.master} ${Object.entries(place.conf ?? {}).join(" ")}`;
    test(
      `${Object.keys(jobs).length} jobs on ${title}`,
      async () => {
        const ctx = await startContext(name, place);
        try {
          for (const [job, run] of Object.entries(jobs))
            results.set(job, [...(results.get(job) ?? []), await run(ctx)]);
        } finally {
          await stopContext(ctx);
        }
      },
      placeMaxMs,
    );
  }

  test("the results are the same", () => {
    for (const [job, [first, ...others]] of results) {
      expect(others.length).toBe(places.length - 1);
      for (const other of others) expect([job, difference(other, first)]).toEqual([job, undefined]);
    }
  });
}
