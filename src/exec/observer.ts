/**
 * What the engine shows to who watches it in its own thread: pages, later the event log. More than it tells the driver's thread,
 * for which each task is a count. An observer must be quick and must not throw.
 */
import type { EngineEvent, SentMetrics } from "../base/events.ts";
import type { WireError } from "../base/errors.ts";
import type { ExecutorId, TaskAttemptId } from "../base/ids.ts";
import type { Locality, TaskIdentity } from "../schedule/contracts.ts";
import type { CachedBlock } from "./executor-messages.ts";
import type { ExecutorSummary } from "./registered-executors.ts";
import type { SubmittedJob } from "./messages.ts";

export interface TaskRun {
  readonly attempt: TaskAttemptId;
  readonly attemptNumber: number;
  readonly task: TaskIdentity;
  readonly executor: ExecutorId;
  readonly launchedMs: number;
  readonly locality: Locality;
}

export interface TaskEnd {
  readonly endedMs: number;
  /** Time on the thread; 0 when it failed. */
  readonly runMs: number;
  readonly metrics: SentMetrics | undefined;
  readonly error: WireError | undefined;
}

export interface EngineObserver {
  event(event: EngineEvent): void;
  jobSubmitted(job: SubmittedJob, atMs: number): void;
  taskStarted(run: TaskRun): void;
  /** Also of tasks whose executor is lost. */
  taskEnded(run: TaskRun, end: TaskEnd): void;
  executorAdded(executor: ExecutorId, host: string | undefined, atMs: number): void;
  executorLost(executor: ExecutorId, reason: string, atMs: number): void;
}

/** What pages ask for when they are drawn. */
export interface EngineView {
  readonly executors: () => readonly ExecutorSummary[];
  /** Cached partitions, each as often as it is held; absent where nobody keeps account of them. */
  readonly cached?: () => readonly CachedBlock[];
  readonly settings: Readonly<Record<string, unknown>>;
}
