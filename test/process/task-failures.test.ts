/** Functions that fail inside tasks: the message names the user's line and the operator's. */
import { describe, test } from "bun:test";
import { expectGolden, run, type Run } from "./harness.ts";

const cases: Readonly<Record<string, Run>> = {
  "map-throws": { job: "map-throws.ts" },
  "helper-throws": { job: "helper-throws.ts" },
  "json-parse": { job: "json-parse.ts" },
  "generator-throws": { job: "generator-throws.ts" },
  "async-throws": { job: "async-throws.ts" },
  recurses: { job: "recurses.ts" },
  "task-exits": { job: "task-exits.ts" },
  "returns-promise": { job: "returns-promise.ts" },
  "returns-function": { job: "returns-function.ts" },
  "not-pairs": { job: "not-pairs.ts" },
  "comparator-throws": { job: "comparator-throws.ts" },
  "comparator-nan": { job: "comparator-nan.ts" },
  "partitioner-out-of-range": { job: "partitioner-out-of-range.ts" },
  "retries-enough": { job: "flaky.ts", args: ["2"], master: "local[1,3]", options: ["--quiet"] },
  "retries-too-few": { job: "flaky.ts", args: ["2"], master: "local[1,2]" },
};

describe("a task that fails", () => {
  for (const [name, each] of Object.entries(cases)) test(name, async () => expectGolden(name, await run(each)));
});
