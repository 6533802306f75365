/** That a disturbed job is held to its answer, and that plans are their seeds'. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../src/base/random.ts";
import { program } from "../process/harness.ts";
import { LocalRuns } from "./expected.ts";
import { describePlan, type Plan, planOf } from "./plan.ts";
import { runSeed } from "./seed.ts";
import { textOf } from "./text.ts";

setDefaultTimeout(240_000);

const folder = realpathSync(mkdtempSync(join(tmpdir(), "firesteel-chaos-")));
const input = join(folder, "text");
writeFileSync(input, textOf(new Random(5), 1000));
afterAll(() => rmSync(folder, { recursive: true }));

const kill: Plan = {
  ...{ seed: 0, job: "page-rank", settings: {} },
  cluster: { kind: "local", executors: 2, cores: 1, memoryMb: 64 },
  faults: [{ kind: "killExecutor", moment: 0.4, victim: 0, backAfterMs: undefined }],
};

test("plans are their seeds', and hold every fault", () => {
  const plans = Array.from({ length: 100 }, (_, seed) => planOf(seed));
  expect(plans.map(describePlan)).toEqual(plans.map(({ seed }) => describePlan(planOf(seed))));
  const kinds = new Set(plans.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual([
    ...["cutConnections", "killExecutor", "killWorker", "restartMaster", "stopExecutor", "stopWorker"],
  ] as never);
  for (const { cluster, faults } of plans) {
    const killed = faults.filter(({ kind }) => kind === "killWorker").length;
    if (cluster.kind === "processes") expect(killed).toBeLessThan(cluster.workerCores.length);
    else expect(faults.every(({ kind }) => /Executor$/.test(kind))).toBe(true);
  }
});

describe.skipIf(process.platform !== "linux")("a seed", () => {
  test("tells what was done, and finds another answer", async () => {
    const local = new LocalRuns(program, folder, input);
    const expected = await local.of("page-rank");
    const run = { program, folder: join(folder, "seed"), input, expected };
    expect(await runSeed(kill, run)).toEqual([expect.stringMatching(/^killed executor \d+$/)]);
    const other = { ...run, expected: { ...expected, answer: "another" } };
    // at the first word: a wrong answer is told before a fault that came too late is tried again
    const atOnce = { ...kill, faults: kill.faults.map(fault => ({ ...fault, moment: 0 })) };
    const failure = await runSeed(atOnce, other).then(
      () => "",
      (error: unknown) => (error as Error).message,
    );
    expect(failure).toMatch(
      /^the answer is wrong, after killed executor \d+\n---- driver \(process \d+, 0\)\nat round 1\n/,
    );
  });
});
