import { expect, test } from "bun:test";
import { zeroMetrics, type EngineEvent } from "../../src/base/events.ts";
import type { ExecutorId, JobId, StageId } from "../../src/base/ids.ts";
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
    { type: "taskStarted", stage: stage(1), executor: 0 as ExecutorId },
    { type: "taskStarted", stage: stage(1), executor: 0 as ExecutorId },
    {
      type: "taskEnded",
      stage: stage(1),
      executor: 0 as ExecutorId,
      ok: true,
      metrics: { ...zeroMetrics, inputRows: 5, kernelRows: 4, peakMemoryBytes: 70 },
    },
    { type: "taskStarted", stage: stage(1), executor: 0 as ExecutorId },
    {
      type: "taskEnded",
      stage: stage(1),
      executor: 0 as ExecutorId,
      ok: false,
      metrics: { ...zeroMetrics, inputRows: 100 },
    },
    {
      type: "taskEnded",
      stage: stage(1),
      executor: 0 as ExecutorId,
      ok: true,
      metrics: { ...zeroMetrics, inputRows: 2, jsRows: 1, peakMemoryBytes: 50 },
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
      tasksKilled: 0,
      submittedMs: 1000,
      completedMs: undefined,
      metrics: { ...zeroMetrics, inputRows: 7, kernelRows: 4, jsRows: 1, peakMemoryBytes: 70 },
    },
  ]);
});

test("a later attempt adds the tasks it redoes", () => {
  const ledger = ledgerAfter(
    submitted(1, 2),
    { type: "taskEnded", stage: stage(1), executor: 0 as ExecutorId, ok: true },
    { type: "taskEnded", stage: stage(1), executor: 0 as ExecutorId, ok: true },
    { type: "stageCompleted", stage: stage(1), atMs: 1500 },
    submitted(1, 1, 1),
  );
  expect(ledger.stages()[0]).toMatchObject({ state: "running", tasks: 3, tasksDone: 2, completedMs: undefined });
});

test("tells completed and failed stages apart, in order of submission", () => {
  const ledger = ledgerAfter(
    submitted(4, 1),
    submitted(3, 1),
    { type: "stageCompleted", stage: stage(4), atMs: 1200 },
    { type: "stageCompleted", stage: stage(3), atMs: 1300, error: lost },
    { type: "jobEnded", job, atMs: 1300, error: lost },
  );
  expect(ledger.stages().map(each => [each.stage as number, each.state])).toEqual([
    [4, "completed"],
    [3, "failed"],
  ]);
});

test("counts skipped stages and their tasks by job, and not those that came to run after all", () => {
  const skipped = (of: number, id: number, tasks: number): EngineEvent => {
    return { type: "stageSkipped", job: of as JobId, stage: stage(id), name: "map at job.ts:4", tasks };
  };
  const ledger = ledgerAfter(submitted(0, 8), skipped(1, 2, 8), skipped(1, 3, 4), skipped(2, 0, 8));
  expect(ledger.skipped).toEqual({ stages: 3, tasks: 20 });
  ledger.apply(submitted(3, 1));
  expect(ledger.skipped).toEqual({ stages: 2, tasks: 16 });
  expect(ledger.stages().map(each => [each.stage as number, each.tasks])).toEqual([
    [0, 8],
    [3, 1],
  ]);
  for (const of of [1, 2]) ledger.apply({ type: "jobEnded", job: of as JobId, atMs: 1300 });
  ledger.apply(skipped(4, 9, 1));
  expect(ledger.skipped).toEqual({ stages: 3, tasks: 17 });
});

test("tells tasks and stages that nobody wanted any more from failed ones", () => {
  const executor = 0 as ExecutorId;
  const ledger = ledgerAfter(
    submitted(1, 2),
    { type: "taskEnded", stage: stage(1), executor, ok: true },
    { type: "taskEnded", stage: stage(1), executor, ok: false, killed: true },
    {
      type: "stageCompleted",
      stage: stage(1),
      atMs: 1300,
      error: { kind: "cancelled", name: "FiresteelError", message: "enough" },
    },
  );
  expect(ledger.stages()[0]).toMatchObject({ state: "cancelled", tasksDone: 1, tasksKilled: 1, taskFailures: 0 });
});

test("keeps the first stages and the latest, and counts those between together", () => {
  const ledger = new StageLedger();
  const executor = 0 as ExecutorId;
  const n = 1_500;
  for (let id = 0; id < n; id++) {
    ledger.apply(submitted(id, 1));
    const metrics = { ...zeroMetrics, inputRows: 3 };
    ledger.apply({ type: "taskEnded", stage: stage(id), executor, ok: true, metrics });
    if (id === 20) continue; // it runs on
    const error = id % 3 === 0 ? lost : undefined;
    ledger.apply({ type: "stageCompleted", stage: stage(id), atMs: 1300, ...(error && { error }) });
  }
  const ids = ledger.stages().map(each => each.stage as number);
  expect(ids).toHaveLength(1000);
  expect(ids.slice(0, 14)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 20, 513]);
  expect(ids.at(-1)).toBe(n - 1);
  const { completed, failed, tasks, tasksDone, metrics } = ledger.passed;
  expect({ completed, failed, tasks, tasksDone, rows: metrics.inputRows }).toEqual({
    ...{ completed: 333, failed: 167 },
    ...{ tasks: 500, tasksDone: 500, rows: 1500 },
  });
});
