/**
 * What runs now, for code of the driver: Spark's SparkStatusTracker. Answers from what the engine has reported to this thread, so a
 * loop that never awaits sees nothing new. Ended jobs and stages are known for a while: the latest thousand of each.
 */
import type { KnownExecutor, KnownStage, StatusLedger } from "./status-ledger.ts";
import type { JobId, StageId } from "../base/ids.ts";
import { checkId, checkOptionalText } from "./plain-arguments.ts";

export interface JobInfo {
  readonly jobId: number;
  /** Those that were submitted for it so far; stages that it shares with an earlier job are that job's. */
  readonly stageIds: readonly number[];
  /** Stages that it did not need to run, because what they make was there, and the tasks that they would have had. */
  readonly numSkippedStages: number;
  readonly numSkippedTasks: number;
  readonly status: "running" | "succeeded" | "failed" | "cancelled";
  readonly group: string | undefined;
  readonly pool: string;
}

export interface StageInfo {
  readonly stageId: number;
  /** Of the stage; 0 first. */
  readonly attemptNumber: number;
  /** The operator and its line. */
  readonly name: string;
  readonly status: "running" | "completed" | "failed" | "cancelled";
  readonly submittedAt: Date;
  readonly completedAt: Date | undefined;
  /** To do, over all attempts of the stage: what is lost and done again counts again. */
  readonly numTasks: number;
  readonly numActiveTasks: number;
  /** These two over all attempts of the stage too; tasks that were killed, as nobody wanted them any more, are in neither. */
  readonly numCompletedTasks: number;
  readonly numFailedTasks: number;
}

export interface ExecutorInfo {
  /** "driver" in local mode, whose task threads count as one executor. */
  readonly executorId: string;
  readonly host: string;
  readonly cores: number;
  readonly numRunningTasks: number;
}

export class StatusTracker {
  /** @internal */
  constructor(
    private readonly ledger: StatusLedger,
    private readonly isLocal: boolean,
  ) {}

  /**
   * Jobs of a group, ended ones too while they are known; without a group those that have none.
   * @example
   * ```ts
   * ctx.setJobGroup("counts");
   * await ctx.range(10).count();
   * ctx.statusTracker().getJobIdsForGroup("counts").length // => 1
   * ```
   */
  getJobIdsForGroup(group?: string): number[] {
    checkOptionalText("getJobIdsForGroup", "a group's name", group, "leave it out for the jobs that have no group");
    return [...this.ledger.jobs.values()].filter(job => job.group === group).map(job => job.id);
  }

  /**
   * Jobs that run now.
   * @example
   * ```ts
   * await ctx.range(10).count();
   * ctx.statusTracker().getActiveJobIds() // => []
   * ```
   */
  getActiveJobIds(): number[] {
    return [...this.ledger.jobs.values()].filter(job => job.status === "running").map(job => job.id);
  }

  /**
   * Stages that run now.
   * @example
   * ```ts
   * await ctx.range(10).count();
   * ctx.statusTracker().getActiveStageIds() // => []
   * ```
   */
  getActiveStageIds(): number[] {
    return [...this.ledger.stages.values()].filter(stage => stage.completedMs === undefined).map(stage => stage.id);
  }

  /**
   * Undefined when there was no such job, or it is no longer known.
   * @example
   * ```ts
   * ctx.setJobGroup("sums");
   * await ctx.range(10).sum();
   * const [job] = ctx.statusTracker().getJobIdsForGroup("sums");
   * ctx.statusTracker().getJobInfo(job!)?.status // => "succeeded"
   * ```
   */
  getJobInfo(jobId: number): JobInfo | undefined {
    checkId("getJobInfo", "a job's id", jobId, "getActiveJobIds() and getJobIdsForGroup() give ids");
    const job = this.ledger.jobs.get(jobId as JobId);
    if (job === undefined) return undefined;
    const { stages, skipped, status, group, pool } = job;
    const numSkippedTasks = [...skipped.values()].reduce((sum, tasks) => sum + tasks, 0);
    return { jobId, stageIds: [...stages], numSkippedStages: skipped.size, numSkippedTasks, status, group, pool };
  }

  /**
   * Of the stage's latest attempt; undefined when there was no such stage, or it is no longer known.
   * @example
   * ```ts
   * ctx.setJobGroup("means");
   * await ctx.range(0, 10, 1, 2).mean();
   * const [job] = ctx.statusTracker().getJobIdsForGroup("means");
   * const [stage] = ctx.statusTracker().getJobInfo(job!)!.stageIds;
   * ctx.statusTracker().getStageInfo(stage!)?.numCompletedTasks // => 2
   * ```
   */
  getStageInfo(stageId: number): StageInfo | undefined {
    checkId("getStageInfo", "a stage's id", stageId, "getActiveStageIds() and a job's stageIds give ids");
    const stage = this.ledger.stages.get(stageId as StageId);
    return stage && stageInfo(stage);
  }

  /**
   * The executors, with their cores and running tasks; in local mode one, "driver".
   * @example
   * ```ts
   * ctx.statusTracker().getExecutorInfos().map(executor => executor.executorId) // => ["driver"]
   * ```
   */
  getExecutorInfos(): ExecutorInfo[] {
    const executors = [...this.ledger.executors.values()];
    if (!this.isLocal) return executors.map(each => executorInfo(each, String(each.id)));
    const sum = (of: (each: KnownExecutor) => number) => executors.reduce((all, each) => all + of(each), 0);
    const [cores, tasksRunning] = [sum(each => each.cores), sum(each => each.tasksRunning)];
    return [executorInfo({ host: undefined, cores, tasksRunning }, "driver")];
  }
}

function stageInfo(stage: KnownStage): StageInfo {
  const { id, attempt, name, status, submittedMs, completedMs } = stage;
  return {
    stageId: id,
    attemptNumber: attempt,
    name,
    status,
    submittedAt: new Date(submittedMs),
    completedAt: completedMs === undefined ? undefined : new Date(completedMs),
    numTasks: stage.tasks,
    numActiveTasks: stage.tasksRunning,
    numCompletedTasks: stage.tasksDone,
    numFailedTasks: stage.tasksFailed,
  };
}

function executorInfo(
  { host = "localhost", cores, tasksRunning }: Omit<KnownExecutor, "id">,
  executorId: string,
): ExecutorInfo {
  return { executorId, host, cores, numRunningTasks: tasksRunning };
}
