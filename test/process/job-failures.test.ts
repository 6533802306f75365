/** Jobs whose own code on the driver fails, ends the process, or waits for nothing. */
import { describe, test, setDefaultTimeout } from "bun:test";
import { expectGolden, run, type Run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

const cases: Readonly<Record<string, Run>> = {
  throws: { job: "throws.ts" },
  "throws-at-top": { job: "throws-at-top.ts" },
  "throws-later": { job: "throws-later.ts" },
  "rejects-unawaited": { job: "rejects-unawaited.ts" },
  "forgets-await": { job: "forgets-await.ts" },
  "waits-for-nothing": { job: "waits-for-nothing.ts" },
  exits: { job: "exits.ts", options: ["--quiet"] },
  "sets-exit-code": { job: "sets-exit-code.ts" },
  script: { job: "script.ts", options: ["--quiet"] },
  "script-throws": { job: "script-throws.ts" },
  "takes-no-rows": { job: "takes-no-rows.ts" },
  "context-stopped": { job: "context-stopped.ts" },
  "context-twice": { job: "context-twice.ts" },
  "misspells-method": { job: "misspells-method.ts" },
  "captures-socket": { job: "captures-socket.ts" },
  "captures-rdd": { job: "captures-rdd.ts" },
  "captures-context": { job: "captures-context.ts" },
  assigns: { job: "assigns.ts" },
  "async-given-to-map": { job: "async-given-to-map.ts" },
  "partitions-none": { job: "partitions-none.ts" },
  "reduce-throws-on-driver": { job: "reduce-throws-on-driver.ts" },
};

describe("a job that fails on the driver", () => {
  for (const [name, each] of Object.entries(cases)) test(name, async () => expectGolden(name, await run(each)));
});
