/** Functions that fail inside tasks: the message names the user's line and the operator's. */
import { describe, test, setDefaultTimeout } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectGolden, run, type Run, testTimeoutMs } from "./harness.ts";

setDefaultTimeout(testTimeoutMs);

const threadless = `import { isMainThread } from "node:worker_threads";

if (!isMainThread) throw new Error("not in a thread");
export const rate = (x: number): number => x * 2;
`;

const usesModule = `import { rate } from "./rates.ts";

export default async function main(ctx) {
  console.log(await ctx.range(10).map(x => rate(x)).sum());
}
`;

function withModule(folder: string): void {
  writeFileSync(join(folder, "rates.ts"), threadless);
  writeFileSync(join(folder, "job.ts"), usesModule);
}

const cases: Readonly<Record<string, Run>> = {
  "map-throws": { job: "map-throws.ts" },
  "helper-throws": { job: "helper-throws.ts" },
  "json-parse": { job: "json-parse.ts" },
  "generator-throws": { job: "generator-throws.ts" },
  "async-throws": { job: "async-throws.ts" },
  recurses: { job: "recurses.ts" },
  "task-exits": { job: "task-exits.ts" },
  "task-exits-in-timer": { job: "task-exits-in-timer.ts" },
  "stray-error": { job: "stray-error.ts", args: ["throw"] },
  "stray-rejection": { job: "stray-error.ts", args: ["reject"] },
  "module-throws": { args: ["run", "--master", "local[1]", "job.ts"], setUp: withModule },
  "returns-promise": { job: "returns-promise.ts" },
  "returns-function": { job: "returns-function.ts" },
  "not-pairs": { job: "not-pairs.ts" },
  "comparator-throws": { job: "comparator-throws.ts" },
  "comparator-nan": { job: "comparator-nan.ts" },
  "comparator-no-order": { job: "comparator-no-order.ts" },
  "partitioner-out-of-range": { job: "partitioner-out-of-range.ts" },
  "retries-enough": { job: "flaky.ts", args: ["2"], master: "local[1,3]", options: ["--quiet"] },
  "retries-too-few": { job: "flaky.ts", args: ["2"], master: "local[1,2]" },
};

describe("a task that fails", () => {
  for (const [name, each] of Object.entries(cases)) test(name, async () => expectGolden(name, await run(each)));
});
