import { expect, test } from "bun:test";
import { zeroMetrics, type EngineEvent } from "../../src/base/events.ts";
import type { JobId, StageId } from "../../src/base/ids.ts";
import { StageLedger } from "../../src/base/stage-ledger.ts";

const job = 0 as JobId;
const stage = (id: number) => id as StageId;
const lost = { kind: "lost", name: "FiresteelError", message: "gone" } as const;

function ledgerAfter(...events: EngineEvent[]): StageLedger {
  const ledger = new StageLedger();
  events.forEach(event => ledger.apply(event));
  return ledger;
}

const submitted = (id: number, tasks: number, attempt = 0): EngineEvent => {
  return { type: "stageSubmitted", job, stage: stage(id), attempt, name: "map at job.ts:4", tasks, atMs: 1000 };
};

test("counts tasks and sums what the successful ones did", () => {
  const ledger = ledgerAfter(
    submitted(1, 3),
    { type: "taskStarted", stage: stage(1) },
    { type: "taskStarted", stage: stage(1) },
    {
      type: "taskEnded",
      stage: stage(1),
      ok: true,
      metrics: { ...zeroMetrics, rowsIn: 5, kernelRows: 4, peakMemoryBytes: 70 },
    },
    { type: "taskStarted", stage: stage(1) },
    { type: "taskEnded", stage: stage(1), ok: false, metrics: { ...zeroMetrics, rowsIn: 100 } },
    {
      type: "taskEnded",
      stage: stage(1),
      ok: true,
      metrics: { ...zeroMetrics, rowsIn: 2, jsRows: 1, peakMemoryBytes: 50 },
    },
  );
  expect(ledger.stages()).toEqual([
    {
      stage: stage(1),
      name: "map at job.ts:4",
      state: "running",
      tasks: 3,
      tasksDone: 2,
      tasksRunning: 0,
      taskFailures: 1,
      submittedMs: 1000,
      completedMs: undefined,
      metrics: { ...zeroMetrics, rowsIn: 7, kernelRows: 4, jsRows: 1, peakMemoryBytes: 70 },
    },
  ]);
});

test("a later attempt adds the tasks it redoes", () => {
  const ledger = ledgerAfter(
    submitted(1, 2),
    { type: "taskEnded", stage: stage(1), ok: true },
    { type: "taskEnded", stage: stage(1), ok: true },
    { type: "stageCompleted", stage: stage(1), atMs: 1500 },
    submitted(1, 1, 1),
  );
  expect(ledger.stages()[0]).toMatchObject({ state: "running", tasks: 3, tasksDone: 2, completedMs: undefined });
});

test("tells completed, failed and skipped stages apart, in order of submission", () => {
  const ledger = ledgerAfter(
    submitted(4, 1),
    { type: "stageSkipped", job, stage: stage(2), name: "parallelize at job.ts:1" },
    submitted(3, 1),
    { type: "stageCompleted", stage: stage(4), atMs: 1200 },
    { type: "stageCompleted", stage: stage(3), atMs: 1300, error: lost },
    { type: "stageSkipped", job, stage: stage(4), name: "map at job.ts:4" },
    { type: "jobEnded", job, atMs: 1300, error: lost },
  );
  expect(ledger.stages().map(each => [each.stage as number, each.state])).toEqual([
    [4, "completed"],
    [2, "skipped"],
    [3, "failed"],
  ]);
});
