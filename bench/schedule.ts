/**
 * What the two schedulers cost a task, with nothing else around: a shell that does nothing and executors that succeed
 * at once. `bun bench/schedule.ts` prints medians; the whole engine has 50 µs a task.
 */
import type { ExchangeId, ExecutorId, JobId, TaskAttemptId } from "../src/base/ids.ts";
import type { DagAction, JobGraph, StageGraph, TaskAction } from "../src/schedule/contracts.ts";
import { SchedulerLoop } from "../src/schedule/scheduler-loop.ts";

const limits = { taskFailuresMax: 4, stageAttemptsMax: 4 };

if (import.meta.main) {
  const rounds = 15;
  const cases: readonly (readonly [string, JobGraph, number, number])[] = [
    ["10,000 tasks, 2 executors × 1 slot", job(10_000, false), 2, 1],
    ["10,000 tasks, 2 executors × 16 slots", job(10_000, false), 2, 16],
    ["100,000 tasks, 100 executors × 4 slots", job(100_000, false), 100, 4],
    ["100,000 tasks with preferred executors", job(100_000, true), 100, 4],
    ["100 stages of 100 tasks in a row", chain(100, 100), 2, 1],
  ];
  for (const [name, graph, executors, slots] of cases) {
    const times = Array.from({ length: rounds }, () => microsecondsPerTask(graph, executors, slots)).sort(
      (a, b) => a - b,
    );
    console.log(`${name.padEnd(42)} ${times[rounds >> 1]!.toFixed(2)} µs a task (best ${times[0]!.toFixed(2)})`);
  }
}

/** Runs a job to its end and returns how long both machines took for each of its tasks. */
export function microsecondsPerTask(graph: JobGraph, executors: number, slots: number): number {
  const running: TaskAttemptId[] = [];
  let succeeded = false;
  const carryOut = (action: DagAction | TaskAction) => {
    if (action.type === "launchTask") running.push(action.attempt);
    else if (action.type === "jobSucceeded") succeeded = true;
  };
  const loop = new SchedulerLoop(limits, { carryOut, checksumOf: attempt => attempt });
  for (let id = 0; id < executors; id++) loop.taskEvent({ type: "executorAdded", executor: id as ExecutorId, slots });
  const start = performance.now();
  loop.dagEvent({ type: "jobSubmitted", job: graph });
  for (let next = 0; next < running.length; next++)
    loop.taskEvent({ type: "attemptSucceeded", attempt: running[next]! });
  const elapsedMs = performance.now() - start;
  if (!succeeded || !loop.dag.idle || !loop.tasks.idle) throw new Error("the job did not end");
  return (elapsedMs * 1000) / running.length;
}

export function job(size: number, isLocal: boolean): JobGraph {
  const preferred = (partition: number) => ({ executors: [(partition % 100) as ExecutorId] });
  const partitions = Array.from({ length: size }, (_, i) => i);
  const stage: StageGraph = { kind: "result", parents: [], partitions, name: "empty", ...(isLocal && { preferred }) };
  return { jobId: 0 as JobId, pool: "default", stages: [stage] };
}

function chain(stages: number, size: number): JobGraph {
  const partitions = Array.from({ length: size }, (_, i) => i);
  const exchanges = Array.from({ length: stages - 1 }, (_, id): StageGraph => {
    const parents = id === 0 ? [] : [(id - 1) as ExchangeId];
    return { kind: "exchange", exchange: id as ExchangeId, parents, partitions, name: `exchange ${id}` };
  });
  const result: StageGraph = { kind: "result", parents: [(stages - 2) as ExchangeId], partitions, name: "result" };
  return { jobId: 0 as JobId, pool: "default", stages: [...exchanges, result] };
}
