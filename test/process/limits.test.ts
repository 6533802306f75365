/** Jobs that want more than there is: JavaScript heap, engine memory, room for results, local dirs. */
import { describe, expect, test, setDefaultTimeout } from "bun:test";
import { expectGolden, run, type Run, withoutFigures, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

const smallHeap = { "firesteel.task.heapLimit": "48m" };
const smallMemory = { "firesteel.executor.memory": "16m" };

const cases: Readonly<Record<string, Run>> = {
  "heap-between-rows": { job: "heap-between-rows.ts", conf: smallHeap },
  "heap-in-one-call": { job: "heap-in-one-call.ts", conf: smallHeap },
  "heap-of-several": { job: "heap-of-several.ts", conf: smallHeap },
  "heap-in-reduce": { job: "heap-in-reduce.ts", conf: smallHeap },
  "heap-goes-on": { job: "heap-goes-on.ts", conf: smallHeap },
  "string-too-long": { job: "string-too-long.ts" },
  "memory-too-small": { job: "large-row.ts", conf: smallMemory },
  "memory-cached": { job: "memory-cached.ts", conf: smallMemory },
  "result-too-large": { job: "large-result.ts", conf: { "firesteel.driver.maxResultSize": "1m" } },
  "local-dir-not-writable": { job: "spills.ts", conf: { ...smallMemory, "firesteel.local.dirs": "/proc/nowhere" } },
};

describe("more than there is", () => {
  for (const [name, each] of Object.entries(cases)) {
    test(name, async () => expectGolden(name, await run({ ...each, options: ["--quiet"] }), withoutFigures));
  }
});

test("the garbage of one long call stays small", async () => {
  const { code, out, err } = await run({ job: "garbage-in-one-call.ts", options: ["--quiet"] });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const [rows, residentBytes] = out.split(" ").map(Number);
  expect(rows).toBe(1_000_000);
  expect(residentBytes).toBeLessThan(600e6);
});

test("what does not fit is spilled, and its files go", async () => {
  const { code, out, err } = await run({ job: "spills.ts", conf: smallMemory, options: ["--quiet"] });
  expect({ code, out, err }).toEqual({ code: 0, out: "1000000\n", err: "" });
});
