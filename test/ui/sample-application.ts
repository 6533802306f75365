/** An application to draw: jobs, stages and tasks as an engine would tell of them, the same each time. */
import { type TaskMetrics, zeroMetrics } from "../../src/base/events.ts";
import type { WireError } from "../../src/base/errors.ts";
import type { ExecutorId, JobId, RddId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import type { SubmittedJob } from "../../src/exec/messages.ts";
import type { ExecutorSummary } from "../../src/exec/remote-executors.ts";
import type { StagePlan } from "../../src/planner/stages.ts";
import { AppStatus, statusLimits, type StatusLimits } from "../../src/ui/app-status.ts";
import type { ApplicationView } from "../../src/ui/application-view.ts";
import { nowMs } from "./cluster-states.ts";

export class SampleEngine {
  readonly status: AppStatus;
  private nextStage = 0;
  private nextAttempt = 0;

  constructor(limits: Partial<StatusLimits> = {}) {
    this.status = new AppStatus({ ...statusLimits, ...limits });
  }

  executor(id: number, host: string | undefined, atMs = nowMs - 600_000): void {
    this.status.executorAdded(id as ExecutorId, host, atMs);
  }

  job(
    id: number,
    stages: readonly { readonly name: string; readonly partitions: number }[],
    options: {
      readonly atMs?: number;
      readonly properties?: Record<string, string>;
      readonly group?: string;
      readonly persisted?: string;
    } = {},
  ): void {
    const { atMs = nowMs - 60_000, properties = {}, group, persisted } = options;
    const plans = stages.map(({ name, partitions }, i) => plan(name, partitions, i === stages.length - 1, persisted));
    const partitions = Array.from({ length: stages.at(-1)!.partitions }, (_, i) => i);
    const job: SubmittedJob = { id: id as JobId, stages: plans, partitions, pool: "default", group, properties };
    this.status.jobSubmitted(job, atMs);
  }

  skipStage(job: number, name: string, tasks: number): number {
    const stage = this.nextStage++ as StageId;
    this.status.event({ type: "stageSkipped", job: job as JobId, stage, name, tasks });
    return stage;
  }

  endJob(id: number, atMs: number, error?: WireError): void {
    this.status.event({ type: "jobEnded", job: id as JobId, atMs, ...(error && { error }) });
  }

  stage(
    job: number,
    name: string,
    tasks: number,
    atMs: number,
    again?: { readonly stage: number; readonly attempt: number },
  ) {
    const stage = (again?.stage ?? this.nextStage++) as StageId;
    const attempt = again?.attempt ?? 0;
    this.status.event({ type: "stageSubmitted", job: job as JobId, stage, attempt, name, tasks, atMs });
    return { stage, attempt };
  }

  endStage(stage: number, atMs: number, error?: WireError): void {
    this.status.event({ type: "stageCompleted", stage: stage as StageId, atMs, ...(error && { error }) });
  }

  /** Gives what ends it. */
  task(
    { stage, attempt }: { readonly stage: number; readonly attempt: number },
    partition: number,
    executor: number,
    launchedMs: number,
    attemptNumber = 0,
  ) {
    const run = {
      attempt: this.nextAttempt++ as TaskAttemptId,
      attemptNumber,
      task: { stage: stage as StageId, stageAttempt: attempt, partition },
      executor: executor as ExecutorId,
      launchedMs,
      locality: "node" as const,
    };
    this.status.taskStarted(run);
    return {
      succeed: (runMs: number, metrics: Partial<TaskMetrics> = {}) =>
        this.status.taskEnded(run, {
          ...{ endedMs: launchedMs + runMs, runMs, error: undefined },
          metrics: { ...zeroMetrics, ...metrics },
        }),
      fail: (afterMs: number, error: WireError) =>
        this.status.taskEnded(run, { endedMs: launchedMs + afterMs, runMs: 0, metrics: undefined, error }),
    };
  }
}

function plan(name: string, partitions: number, isLast: boolean, persisted: string | undefined): StagePlan {
  const source = { id: 0 as RddId, operator: "parallelize", at: undefined, op: "parallelize", slices: [] } as const;
  const storage = { name: "MEMORY_ONLY", memory: true, disk: false, replicas: 1 };
  const root = persisted === undefined ? source : { ...source, id: 7 as RddId, name: persisted, storage };
  const common = { root, reads: [], partitions, name };
  // pages look at names and counts alone: an exchange needs no partitioner here
  return (isLast
    ? { kind: "result", action: {}, call: {}, ...common }
    : { kind: "exchange", ...common }) as unknown as StagePlan;
}

export function executorSummary(id: number, host: string, changes: Partial<ExecutorSummary> = {}): ExecutorSummary {
  return {
    type: "registerExecutor",
    executor: id as ExecutorId,
    host,
    hostId: host,
    address: { host, port: 40_100 + id },
    cores: 4,
    memoryBytes: 8 * 2 ** 30,
    pid: 4242 + id,
    logUrl: `http://${host}:8081/applications/app-20261121065028-0001/executors/${id}/stdout`,
    sinceMs: nowMs - 600_000,
    runningTasks: 2,
    endedTasks: 100,
    failedTasks: 1,
    metrics: {
      taskBytes: 1.2 * 2 ** 30,
      storageBytes: 2.1 * 2 ** 30,
      exchangeBytes: 0.4 * 2 ** 30,
      memoryBytes: 8 * 2 ** 30,
      residentBytes: 4.4 * 2 ** 30,
      cachedPartitions: 16,
      cachedDiskBytes: 3 * 2 ** 20,
    },
    ...changes,
  };
}

export function viewOf(changes: Partial<ApplicationView> = {}): ApplicationView {
  return {
    application: { id: "app-20261121065028-0001", name: "page-rank", user: "ada", startedMs: nowMs - 610_000 },
    executors: () => [
      executorSummary(0, "10.0.0.1"),
      executorSummary(1, "10.0.0.2", { metrics: undefined, logUrl: undefined }),
    ],
    cached: () =>
      Array.from({ length: 32 }, (_, partition) => ({ rdd: 7 as RddId, partition, bytes: 140_000_000, diskBytes: 0 })),
    settings: {
      "firesteel.executor.memory": 8 * 2 ** 30,
      "firesteel.app.name": "page-rank",
      "firesteel.store.password": "open-sesame",
      "firesteel.local.dirs": "/tmp/firesteel",
      "firesteel.codegen.enabled": true,
    },
    ...changes,
  };
}

/** Page rank half-way: one job ended, one failed, one running; a lost executor; failures. */
export function pageRank(): SampleEngine {
  const engine = new SampleEngine();
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (const [id, host] of ["10.0.0.1", "10.0.0.2", "10.0.0.3"].entries()) engine.executor(id, host);
  const names = [
    "distinct at page-rank.ts:21:6",
    "reduceByKey at page-rank.ts:34:8",
    "sortBy at page-rank.ts:40:6",
    "take at page-rank.ts:41:4",
  ];
  engine.job(0, [{ name: "count at page-rank.ts:18:20", partitions: 8 }], {
    atMs: nowMs - 420_000,
    persisted: "links",
  });
  const first = engine.stage(0, "count at page-rank.ts:18:20", 8, nowMs - 419_900);
  for (let i = 0; i < 8; i++)
    engine
      .task(first, i, i % 3, nowMs - 419_800)
      .succeed(900 + random() * 400, { inputRows: 120_000, inputBytes: 9_600_000, kernelRows: 120_000 });
  engine.endStage(first.stage, nowMs - 417_000);
  engine.endJob(0, nowMs - 416_900);
  engine.job(1, [{ name: "collect at page-rank.ts:25:1", partitions: 4 }], {
    atMs: nowMs - 300_000,
    properties: { "firesteel.job.description": "A look at the links" },
  });
  const second = engine.stage(1, "collect at page-rank.ts:25:1", 4, nowMs - 299_900);
  const wrong: WireError = {
    kind: "user",
    name: "TypeError",
    message: "undefined is not an object (evaluating 'row.links.length')",
    hint: "look at page-rank.ts:25:31",
  };
  for (let i = 0; i < 4; i++) engine.task(second, i, i % 3, nowMs - 299_800).fail(30, wrong);
  engine.endStage(second.stage, nowMs - 299_000, wrong);
  engine.endJob(1, nowMs - 298_990, wrong);
  engine.job(
    2,
    names.map(name => ({ name, partitions: 240 })),
    { atMs: nowMs - 180_000, group: "ranks" },
  );
  names.slice(0, 3).forEach((name, n) => {
    const startMs = nowMs - 179_000 + n * 60_000;
    const stage = engine.stage(2, name, 240, startMs);
    const ends = n === 2 ? 131 : 240;
    for (let i = 0; i < Math.min(240, ends + 9); i++) {
      const task = engine.task(stage, i, i % 2, startMs + Math.floor(i / 8) * 1800);
      if (i >= ends) continue;
      if (i % 67 === 5) {
        task.fail(700, { kind: "lost", name: "FiresteelError", message: "executor 2 is lost: its connection ended" });
        engine
          .task(stage, i, (i + 1) % 2, startMs + Math.floor(i / 8) * 1800 + 800, 1)
          .succeed(1500, { shuffleReadRows: 40_000, shuffleReadBytes: 700_000, resultRows: 9000, kernelRows: 40_000 });
        continue;
      }
      const rows = Math.round(40_000 + random() * 12_000);
      task.succeed(1100 + random() * 900, {
        ...{
          ...(n === 0 ? { inputRows: rows, inputBytes: rows * 80 } : { shuffleReadRows: rows }),
          shuffleWriteRows: Math.round(rows / 5),
          kernelRows: Math.round(rows * 0.93),
          jsRows: Math.round(rows * 0.07),
        },
        ...{
          shuffleReadBytes: n === 0 ? 0 : 1_800_000 + Math.round(random() * 400_000),
          shuffleWriteBytes: 900_000 + Math.round(random() * 200_000),
        },
        ...{
          spilledBytes: n === 2 && i % 5 === 0 ? 33_000_000 : 0,
          peakMemoryBytes: 48_000_000 + Math.round(random() * 9_000_000),
        },
      });
    }
    if (n < 2) engine.endStage(stage.stage, startMs + 59_000);
  });
  engine.status.executorLost(2 as ExecutorId, "its connection ended: the process was killed", nowMs - 100_000);
  return engine;
}
