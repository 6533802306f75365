/**
 * What must hold whatever happens: looks at every event and action of both schedulers, keeps its own plain view of the
 * world, and throws at the first broken promise.
 */
import type { ExchangeId, ExecutorId, JobId, StageId, TaskAttemptId } from "../../src/base/ids.ts";
import type { WireError } from "../../src/base/errors.ts";
import type {
  DagAction,
  JobGraph,
  Locality,
  Preferred,
  SchedulerLimits,
  StageGraph,
  TaskAction,
  TaskEvent,
  TaskIdentity,
} from "../../src/schedule/contracts.ts";
import { explainFailure, type Explanations, must } from "./job-failures.ts";

interface StageView {
  readonly graph: StageGraph;
  attempt: number;
  isOpen: boolean;
  fetchFailures: number;
}

interface ExecutorView {
  readonly cores: number;
  slots: number;
  readonly host: string | undefined;
  readonly running: Set<TaskAttemptId>;
}

interface JobView {
  readonly graph: JobGraph;
  readonly results: Set<number>;
  end: "succeeded" | "failed" | undefined;
}

export class Checks {
  readonly jobs = new Map<JobId, JobView>();
  readonly stages = new Map<StageId, StageView>();
  readonly counts = {
    jobsSucceeded: 0,
    jobsFailed: 0,
    skipped: 0,
    resubmitted: 0,
    redone: 0,
    killed: 0,
    retried: 0,
    met: 0,
    redoneTogether: 0,
  };
  private readonly outputs = new Map<ExchangeId, Set<number>>();
  readonly launched = { process: 0, node: 0, noPref: 0, any: 0, waited: 0 };
  private readonly executors = new Map<ExecutorId, ExecutorView>();
  private readonly attempts = new Map<TaskAttemptId, TaskIdentity>();
  /** Tasks that wait, of the task sets that still launch. */
  private readonly waiting = new Map<string, Set<number>>();
  /** Sets of barrier stages: how many tasks they have, and how many of them count. */
  private readonly together = new Map<string, { readonly size: number; accepted: number }>();
  private readonly preferred = new Map<string, Preferred>();
  /** Since when a slot has been free while tasks of a set wait. */
  private readonly waitingSince = new Map<string, number>();
  private readonly failedSets = new Set<string>();
  private readonly doomed = new Set<TaskAttemptId>();
  private readonly killed = new Set<TaskAttemptId>();
  private lastAttempt = -1;
  /** A stage that has used up its attempts, until the job that needs it has failed. */
  private givingUp: StageView | undefined;

  constructor(private readonly limits: SchedulerLimits) {}

  jobSubmitted(graph: JobGraph): void {
    this.jobs.set(graph.jobId, { graph, results: new Set(), end: undefined });
  }

  isComplete(exchange: ExchangeId, size: number): boolean {
    return (this.outputs.get(exchange)?.size ?? 0) === size;
  }

  taskEvent(event: TaskEvent): void {
    switch (event.type) {
      case "executorAdded": {
        const known = this.executors.get(event.executor);
        if (known !== undefined) known.slots = event.slots;
        else {
          this.executors.set(event.executor, {
            cores: event.slots,
            slots: event.slots,
            host: event.host,
            running: new Set(),
          });
          this.waitingSince.clear();
        }
        return;
      }
      case "executorLost": {
        for (const attempt of this.executors.get(event.executor)?.running ?? []) this.attempts.delete(attempt);
        this.executors.delete(event.executor);
        return;
      }
      case "attemptSucceeded":
      case "attemptFailed":
        for (const executor of this.executors.values()) executor.running.delete(event.attempt);
        this.attempts.delete(event.attempt);
        return;
      case "taskSetSubmitted": {
        const { stage, stageAttempt, partitions, preferred, barrier } = event.taskSet;
        if (barrier === true) this.together.set(`${stage}.${stageAttempt}`, { size: partitions.length, accepted: 0 });
        if (preferred !== undefined) this.preferred.set(`${stage}.${stageAttempt}`, preferred);
        for (let earlier = 0; earlier < stageAttempt; earlier++) this.waiting.delete(`${stage}.${earlier}`);
        this.waiting.set(`${stage}.${stageAttempt}`, new Set(partitions));
        return;
      }
      case "taskSetCancelled":
        this.doom(task => task.stage === event.stage);
        for (const set of this.waiting.keys()) if (set.startsWith(`${event.stage}.`)) this.waiting.delete(set);
        return;
      case "partitionDone":
        this.doom(task => task.stage === event.stage && task.partition === event.partition);
        for (const [set, tasks] of this.waiting) if (set.startsWith(`${event.stage}.`)) tasks.delete(event.partition);
    }
  }

  taskAction(action: TaskAction): void {
    switch (action.type) {
      case "launchTask": {
        const executor = this.executors.get(action.executor);
        const { stage, stageAttempt, partition } = action.task;
        must(executor !== undefined, `#${action.attempt} launched on a dead executor`);
        must(executor.running.size < executor.slots, `#${action.attempt} launched beyond the executor's slots`);
        must(action.attempt > this.lastAttempt, `attempt id ${action.attempt} used again`);
        must(action.attemptNumber < this.limits.taskFailuresMax, `#${action.attempt} is one attempt too many`);
        must(
          this.waiting.get(`${stage}.${stageAttempt}`)?.delete(partition),
          `#${action.attempt} was not to be launched`,
        );
        const meeting = this.together.get(`${stage}.${stageAttempt}`);
        if (meeting !== undefined) {
          must(executor.running.size < executor.cores, `#${action.attempt} has no core of its own`);
          must(action.together?.length === meeting.size, `#${action.attempt} does not know the others`);
        }
        this.lastAttempt = action.attempt;
        this.launched[action.locality]++;
        const near = this.nearness(`${stage}.${stageAttempt}`, partition, executor, action.executor);
        must(
          near === action.locality || near === "free",
          `#${action.attempt} is said to be ${action.locality}, not ${near}`,
        );
        executor.running.add(action.attempt);
        this.attempts.set(action.attempt, action.task);
        return;
      }
      case "killTask":
        this.counts.killed++;
        must(this.attempts.has(action.attempt), `kill of #${action.attempt}, which does not run`);
        this.killed.add(action.attempt);
        return;
      case "taskSucceeded": {
        const meeting = this.together.get(`${action.task.stage}.${action.task.stageAttempt}`);
        if (meeting !== undefined && ++meeting.accepted === meeting.size) this.counts.met++;
        return must(!this.killed.has(action.attempt), `#${action.attempt} was killed and counts`);
      }
      case "taskHeld":
        return must(!this.killed.has(action.attempt), `#${action.attempt} was killed and is held`);
      case "barrierFailed": {
        this.counts.redoneTogether++;
        const { stage, stageAttempt } = action.task;
        this.waiting.delete(`${stage}.${stageAttempt}`);
        this.doom(task => task.stage === stage && task.stageAttempt === stageAttempt);
        return;
      }
      case "taskRetried":
        this.counts.retried++;
        this.waiting.get(`${action.task.stage}.${action.task.stageAttempt}`)!.add(action.task.partition);
        return;
      case "fetchFailed": {
        const { stage, stageAttempt } = action.task;
        this.waiting.delete(`${stage}.${stageAttempt}`);
        if (this.together.has(`${stage}.${stageAttempt}`))
          this.doom(task => task.stage === stage && task.stageAttempt === stageAttempt);
        return;
      }
      case "taskSetFailed": {
        const set = `${action.stage}.${action.stageAttempt}`;
        must(!this.failedSets.has(set), `task set ${set} failed twice`);
        this.failedSets.add(set);
        this.waiting.delete(set);
      }
    }
  }

  /** No slot is free while a task waits, but in patience; and what nobody needs any more is told to end. */
  taskStepped(nowMs: number): void {
    for (const attempt of this.doomed) must(this.killed.has(attempt), `#${attempt} goes on for nobody`);
    this.doomed.clear();
    let isKept = false;
    for (const [set, { size, accepted }] of this.together) {
      const waits = this.waiting.get(set)?.size ?? 0;
      if (waits > 0) isKept = true;
      must(waits === 0 || waits === size, `${waits} of ${size} tasks of barrier set ${set} wait, the others do not`);
      must(accepted === 0 || accepted === size, `${accepted} of ${size} tasks of barrier set ${set} count`);
    }
    // for a barrier stage whose turn it is slots may stay free
    if (isKept) return this.waitingSince.clear();
    const free = [...this.executors].filter(([, executor]) => executor.running.size < this.slotsOf(executor));
    if (free.length === 0) this.waitingSince.clear();
    for (const [set, tasks] of this.waiting) {
      if (free.length === 0 || tasks.size === 0) {
        this.waitingSince.delete(set);
        continue;
      }
      const sinceMs = this.waitingSince.get(set) ?? nowMs;
      this.waitingSince.set(set, sinceMs);
      for (const [id, executor] of free)
        for (const task of tasks) this.mayWait(set, task, id, executor, nowMs - sinceMs);
    }
  }

  /** Behind a task of a barrier stage none waits for a core. */
  private slotsOf({ slots, cores, running }: ExecutorView): number {
    const isBarrier = (attempt: TaskAttemptId) => {
      const { stage, stageAttempt } = this.attempts.get(attempt)!;
      return this.together.has(`${stage}.${stageAttempt}`);
    };
    return [...running].some(isBarrier) ? Math.min(slots, cores) : slots;
  }

  private mayWait(set: string, partition: number, id: ExecutorId, executor: ExecutorView, waitedMs: number): void {
    const near = this.nearness(set, partition, executor, id);
    const { processMs, nodeMs } = this.limits.localityWaits ?? { processMs: 0, nodeMs: 0 };
    const patience = { process: 0, free: 0, noPref: 0, node: processMs, any: processMs + nodeMs };
    must(waitedMs < patience[near], `executor ${id} has a free slot while task ${partition} of ${set} waits (${near})`);
    this.launched.waited++;
  }

  /** How near an executor is to what a task reads; "free" when what it prefers is gone. */
  private nearness(set: string, partition: number, executor: ExecutorView, id: ExecutorId): Locality | "free" {
    const { executors = [], hosts = [] } = this.preferred.get(set)?.(partition) ?? {};
    if (executors.length + hosts.length === 0) return "noPref";
    const hostOf = (other: ExecutorId) => this.executors.get(other)?.host;
    const alive = [...this.executors.values()];
    const lives =
      executors.some(at => this.executors.has(at)) || hosts.some(host => alive.some(at => at.host === host));
    if (!lives) return "free";
    if (executors.includes(id)) return "process";
    return hosts.includes(executor.host!) || executors.some(at => hostOf(at) === executor.host) ? "node" : "any";
  }

  dagAction(action: DagAction): void {
    switch (action.type) {
      case "stageSubmitted":
        return this.stageSubmitted(action.stage, action.attempt, action.graph);
      case "submitTasks": {
        const { stage, partitions } = action.taskSet;
        const { graph } = this.stages.get(stage)!;
        must(partitions.length > 0 && new Set(partitions).size === partitions.length, "empty or double partitions");
        must(graph.barrier !== true || partitions.length === graph.partitions.length, "a part of a barrier stage");
        for (const partition of partitions) must(!this.isDone(graph, stage, partition), `${partition} is done already`);
        return;
      }
      case "stageCompleted":
        this.closeStage(action.stage, action.attempt).fetchFailures = 0;
        return;
      case "stageFailed": {
        const stage = this.closeStage(action.stage, action.attempt);
        if (action.error.message.includes("other rows")) this.counts.redone++;
        if (action.error.kind !== "fetchFailed") return;
        stage.fetchFailures++;
        if (stage.fetchFailures === this.limits.stageAttemptsMax) this.givingUp = stage;
        return;
      }
      case "stageSkipped":
        this.counts.skipped++;
        return;
      case "resultAccepted": {
        const job = this.openJob(action.job);
        const { partition } = action.task;
        must(job.graph.stages.at(-1)!.partitions.includes(partition), `job ${action.job} asked for no ${partition}`);
        must(!job.results.has(partition), `result ${partition} of job ${action.job} counted twice`);
        job.results.add(partition);
        return;
      }
      case "outputAccepted": {
        const accepted = this.outputs.get(action.exchange) ?? new Set();
        this.outputs.set(action.exchange, accepted);
        must(!accepted.has(action.task.partition), `output ${action.task.partition} counted twice`);
        accepted.add(action.task.partition);
        return;
      }
      case "outputsLost":
        for (const partition of action.partitions) {
          must(this.outputs.get(action.exchange)?.delete(partition), `lost output ${partition}, which nobody had`);
        }
        return;
      case "exchangeForgotten":
        this.outputs.delete(action.exchange);
        return;
      case "jobSucceeded": {
        const job = this.openJob(action.job);
        must(job.results.size === job.graph.stages.at(-1)!.partitions.length, `job ${action.job} lacks results`);
        job.end = "succeeded";
        this.counts.jobsSucceeded++;
        return;
      }
      case "jobFailed":
        this.openJob(action.job).end = "failed";
        // a job that has not needed the stage so far may begin anew
        if (this.givingUp !== undefined) this.givingUp.fetchFailures = 0;
        this.givingUp = undefined;
        this.counts.jobsFailed++;
    }
  }

  /** A job may fail only of something that was done to it. */
  explain(error: WireError, why: Explanations): void {
    explainFailure(error, why, this.limits, this.together.size > 0);
  }

  finish(): void {
    for (const [id, job] of this.jobs) must(job.end !== undefined, `job ${id} hangs`);
    for (const [id, stage] of this.stages) must(!stage.isOpen, `stage ${id} hangs`);
    must(this.attempts.size === 0, `${this.attempts.size} attempts never ended`);
  }

  private doom(isInVain: (task: TaskIdentity) => boolean): void {
    for (const [attempt, task] of this.attempts) if (isInVain(task)) this.doomed.add(attempt);
  }

  private stageSubmitted(id: StageId, attempt: number, graph: StageGraph): void {
    const stage = this.stages.get(id) ?? { graph, attempt: -1, isOpen: false, fetchFailures: 0 };
    this.stages.set(id, stage);
    must(!stage.isOpen, `stage ${id} submitted while it runs`);
    must(attempt === stage.attempt + 1, `attempt ${attempt} of stage ${id} follows ${stage.attempt}`);
    must(stage.fetchFailures < this.limits.stageAttemptsMax, `stage ${id} submitted after its last attempt`);
    for (const parent of graph.parents) {
      const size = this.sizeOf(parent);
      must(this.isComplete(parent, size), `stage ${id} submitted before its parent ${parent} is complete`);
    }
    if (attempt > 0) this.counts.resubmitted++;
    stage.attempt = attempt;
    stage.isOpen = true;
  }

  private closeStage(id: StageId, attempt: number): StageView {
    const stage = this.stages.get(id);
    must(
      stage?.isOpen === true && stage.attempt === attempt,
      `attempt ${attempt} of stage ${id} ends without beginning`,
    );
    stage!.isOpen = false;
    return stage!;
  }

  private openJob(id: JobId): JobView {
    const job = this.jobs.get(id)!;
    must(job.end === undefined, `job ${id} goes on after its end`);
    return job;
  }

  private isDone(graph: StageGraph, stage: StageId, partition: number): boolean {
    if (graph.exchange !== undefined) return this.outputs.get(graph.exchange)?.has(partition) === true;
    const owner = [...this.jobs.values()].find(job => job.graph.stages.at(-1) === graph);
    must(owner !== undefined, `stage ${stage} belongs to no job`);
    return owner!.results.has(partition);
  }

  private sizeOf(exchange: ExchangeId): number {
    for (const job of this.jobs.values()) {
      for (const stage of job.graph.stages) if (stage.exchange === exchange) return stage.partitions.length;
    }
    throw new Error(`exchange ${exchange} is in no job`);
  }
}
