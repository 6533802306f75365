import { expect, test } from "bun:test";
import { StatusLedger } from "../../src/api/status-ledger.ts";
import { StatusTracker } from "../../src/api/status-tracker.ts";
import type { EngineEvent } from "../../src/base/events.ts";
import type { ExecutorId, JobId, StageId } from "../../src/base/ids.ts";

const [job, stage, executor] = [0 as JobId, 3 as StageId, 0 as ExecutorId];

function submitted(attempt: number, tasks: number): EngineEvent {
  return { type: "stageSubmitted", job, stage, attempt, name: "map at job.ts:4", tasks, atMs: 1000 + attempt };
}

function tasksDone(count: number): EngineEvent[] {
  return Array.from({ length: count }, (): EngineEvent[] => [
    { type: "taskStarted", stage, executor },
    { type: "taskEnded", stage, executor, ok: true },
  ]).flat();
}

test("a stage that does lost tasks again has them to do beside those that it did", () => {
  const ledger = new StatusLedger();
  ledger.jobSubmitted(job, undefined, "default");
  const tracker = new StatusTracker(ledger, true);
  const counts = () => {
    const { attemptNumber, numTasks, numCompletedTasks } = tracker.getStageInfo(stage)!;
    return { attemptNumber, numTasks, numCompletedTasks };
  };
  for (const event of [submitted(0, 5), ...tasksDone(5)]) ledger.apply(event);
  expect(counts()).toEqual({ attemptNumber: 0, numTasks: 5, numCompletedTasks: 5 });
  ledger.apply(submitted(1, 2));
  expect(counts()).toEqual({ attemptNumber: 1, numTasks: 7, numCompletedTasks: 5 });
  for (const event of tasksDone(2)) ledger.apply(event);
  expect(counts()).toEqual({ attemptNumber: 1, numTasks: 7, numCompletedTasks: 7 });
});
