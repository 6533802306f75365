/**
 * Jobs → stages → task sets. A deterministic machine: `step(event)` changes its state and returns what to do, in order.
 *
 * Promises: a stage's tasks are submitted once all its parents' outputs are complete, and only for missing partitions;
 * every partition counts once; an output that is lost is computed again, alone, when somebody needs it; jobs that need the
 * same exchange share its stage; every job ends in jobSucceeded or jobFailed.
 * Does not: choose executors or count task failures (task-scheduler.ts), plan (planner/), hold results (exec/).
 */
import { assertNever, invariant } from "../base/assert.ts";
import { isRetryable, type WireError } from "../base/errors.ts";
import { idSequence, type ExchangeId, type ExecutorId, type JobId, type StageId } from "../base/ids.ts";
import type { DagAction, DagEvent, JobGraph, SchedulerLimits, StageGraph } from "./contracts.ts";
import { barrierGaveUp, cancelled, fetchesGaveUp, outputsLost, rowsChanged, rowsTaken } from "./failures.ts";
import { Outputs } from "./outputs.ts";
import { neededStages, Stage, type Job } from "./stage.ts";

type EventOf<Type extends DagEvent["type"]> = Extract<DagEvent, { type: Type }>;

export class DagScheduler {
  private readonly jobs = new Map<JobId, Job>();
  private readonly stages = new Map<StageId, Stage>();
  private readonly stageOf = new Map<ExchangeId, Stage>();
  private readonly outputs = new Map<ExchangeId, Outputs>();
  private readonly nextStage = idSequence<StageId>();
  private actions: DagAction[] = [];

  constructor(private readonly limits: SchedulerLimits) {}

  step(event: DagEvent): DagAction[] {
    const actions: DagAction[] = [];
    this.actions = actions;
    this.handle(event);
    return actions;
  }

  /** What is held; `exchanges` are those with outputs that nobody has released. */
  get size(): { readonly jobs: number; readonly stages: number; readonly exchanges: number } {
    return { jobs: this.jobs.size, stages: this.stages.size, exchanges: this.outputs.size };
  }

  get idle(): boolean {
    return this.jobs.size === 0 && this.stages.size === 0 && this.stageOf.size === 0;
  }

  private handle(event: DagEvent): void {
    switch (event.type) {
      case "jobSubmitted":
        return this.submitJob(event.job);
      case "taskStarted":
        return;
      case "taskSucceeded":
        return this.acceptTask(event);
      case "taskSetFailed":
        return this.failTaskSet(event);
      case "fetchFailed":
        return this.recoverFetch(event);
      case "barrierFailed":
        return this.failBarrier(event);
      case "executorLost":
        return event.outputsLost ? this.loseOutputsOf(event.executor) : undefined;
      case "exchangeReleased":
        return this.release(event.exchange);
      case "jobCancelled":
        return this.cancelJobs([event.job], event.reason);
      case "groupCancelled": {
        const members = [...this.jobs.values()].filter(job => job.graph.group === event.group);
        return this.cancelJobs(
          members.map(job => job.graph.jobId),
          event.reason,
        );
      }
      case "stageCancelled":
        return this.cancelStage(event.stage, event.reason);
      default:
        return assertNever(event);
    }
  }

  private submitJob(graph: JobGraph): void {
    checkGraph(graph);
    invariant(!this.jobs.has(graph.jobId), `job ${graph.jobId} is submitted twice`);
    if (graph.stages.at(-1)!.partitions.length === 0) {
      this.actions.push({ type: "jobSucceeded", job: graph.jobId });
      return;
    }
    const stages = graph.stages.map(stageGraph => this.stageFor(stageGraph));
    for (const stage of stages) stage.jobs.add(graph.jobId);
    const job: Job = { graph, stages, result: stages.at(-1)! };
    this.jobs.set(graph.jobId, job);
    const needed = new Set(neededStages(job, true));
    for (const stage of stages) {
      if (needed.has(stage)) continue;
      this.actions.push({ type: "stageSkipped", job: graph.jobId, stage: stage.id, graph: stage.graph });
    }
    this.advance(job);
  }

  private stageFor(graph: StageGraph): Stage {
    const { exchange } = graph;
    const known = exchange === undefined ? undefined : this.stageOf.get(exchange);
    if (known !== undefined) return known;
    const kept = exchange === undefined ? undefined : this.outputs.get(exchange);
    const outputs = kept ?? new Outputs(graph.partitions.length, graph.parents, graph.kind === "exchange");
    const parents = graph.parents.map(parent => this.stageOf.get(parent)!);
    const stage = new Stage(this.nextStage(), graph, parents, outputs);
    this.stages.set(stage.id, stage);
    if (exchange !== undefined) {
      outputs.released = false;
      this.stageOf.set(exchange, stage);
      this.outputs.set(exchange, outputs);
    }
    return stage;
  }

  /** Submits what can run of what the job needs; the rest of it waits for parents. */
  private advance(job: Job): void {
    for (const stage of neededStages(job, false)) {
      if (stage.state === "running") continue;
      if (stage.parentsComplete) this.submitStage(stage);
      else stage.state = "waiting";
    }
  }

  private advanceJobsOf(stages: Iterable<Stage>): void {
    const jobs = new Set<JobId>();
    for (const stage of stages) for (const job of stage.jobs) jobs.add(job);
    for (const id of [...jobs].sort((a, b) => a - b)) {
      const job = this.jobs.get(id);
      if (job !== undefined) this.advance(job);
    }
  }

  private submitStage(stage: Stage): void {
    // tasks of a barrier stage run together or not at all
    if (stage.graph.barrier === true && stage.graph.exchange !== undefined) this.loseAll(stage.graph.exchange);
    const partitions = stage.begin();
    const [oldest] = stage.jobs;
    const job = this.jobs.get(oldest!)!.graph;
    const { graph, id, attempt } = stage;
    this.actions.push({ type: "stageSubmitted", stage: id, attempt, graph, job: job.jobId, tasks: partitions.length });
    this.actions.push({
      type: "submitTasks",
      taskSet: {
        stage: id,
        stageAttempt: attempt,
        job: job.jobId,
        name: graph.name,
        partitions,
        pool: job.pool,
        ...(graph.preferred !== undefined && { preferred: graph.preferred }),
        ...(graph.barrier === true && { barrier: true }),
      },
    });
  }

  private acceptTask(event: EventOf<"taskSucceeded">): void {
    const { task, executor, checksum } = event;
    const stage = this.stages.get(task.stage);
    if (stage === undefined) return;
    const index = stage.indexOf(task.partition);
    const { outputs } = stage;
    const accepted = task.stageAttempt >= stage.attemptMin && !outputs.has(index);
    if (accepted) {
      stage.settle(index);
      const changed = outputs.accept(index, executor, checksum);
      const { exchange } = stage.graph;
      const [job] = stage.jobs;
      if (exchange === undefined) this.actions.push({ type: "resultAccepted", job: job!, task });
      else this.actions.push({ type: "outputAccepted", exchange, task, executor });
      if (stage.attempt > 0) this.actions.push({ type: "partitionDone", stage: stage.id, partition: task.partition });
      if (changed) this.redoDependents(stage, task.partition);
      if (!this.stages.has(stage.id)) return;
      if (outputs.complete) return this.finishStage(stage);
    }
    if (stage.state === "running" && stage.outstanding === 0) {
      // all tasks came back, but outputs were lost meanwhile
      this.endAttempt(stage, outputsLost(outputs.missing));
      this.advanceJobsOf([stage]);
    }
  }

  private finishStage(stage: Stage): void {
    if (stage.state === "running") {
      this.actions.push({ type: "stageCompleted", stage: stage.id, attempt: stage.attempt });
    }
    stage.state = "idle";
    stage.hasTasks = false;
    stage.fetchFailures = 0;
    stage.barrierFailures = 0;
    if (stage.graph.exchange === undefined) {
      const [id] = stage.jobs;
      const job = this.jobs.get(id!)!;
      this.removeJob(job, cancelled("the stage", `job ${id} has its results`));
      this.actions.push({ type: "jobSucceeded", job: job.graph.jobId });
      return;
    }
    const waiting = [...stage.consumers].filter(consumer => consumer.state === "waiting");
    for (const consumer of waiting) if (consumer.parentsComplete) this.submitStage(consumer);
  }

  /** Ends the attempt in flight, if there is one, without an outcome for the stage. */
  private endAttempt(stage: Stage, error: WireError): void {
    if (stage.state === "running") {
      this.actions.push({ type: "stageFailed", stage: stage.id, attempt: stage.attempt, error });
    }
    stage.state = "idle";
  }

  private stopStage(stage: Stage, error: WireError): void {
    this.endAttempt(stage, error);
    if (stage.hasTasks) this.actions.push({ type: "cancelTasks", stage: stage.id, reason: error.message });
    stage.hasTasks = false;
  }

  private failTaskSet(event: EventOf<"taskSetFailed">): void {
    const stage = this.stages.get(event.stage);
    if (stage === undefined || stage.state !== "running" || stage.attempt !== event.attempt) return;
    this.endAttempt(stage, event.error);
    this.failStage(stage, event.error);
  }

  private failBarrier({ stage: id, attempt, error }: EventOf<"barrierFailed">): void {
    const stage = this.stages.get(id);
    if (stage === undefined || stage.state !== "running" || stage.attempt !== attempt) return;
    this.endAttempt(stage, error);
    const failures = ++stage.barrierFailures;
    if (!isRetryable(error) || failures >= this.limits.taskFailuresMax)
      return this.failStage(stage, barrierGaveUp(failures, error));
    this.actions.push({ type: "barrierRetried", stage: id, failures, error });
    this.advanceJobsOf([stage]);
  }

  /** Fails every job that cannot end without the stage; others have it in their graph, and may need it some day. */
  private failStage(stage: Stage, error: WireError): void {
    for (const job of this.jobsNeeding(stage)) this.failJob(job, error);
    if (this.stages.has(stage.id)) this.stopStage(stage, error);
    stage.fetchFailures = 0;
    stage.barrierFailures = 0;
  }

  private jobsNeeding(stage: Stage): Job[] {
    const jobs = [...stage.jobs].map(id => this.jobs.get(id)!);
    return jobs.filter(job => neededStages(job, true).includes(stage));
  }

  private failJob(job: Job, error: WireError): void {
    this.removeJob(job, cancelled("the stage", `job ${job.graph.jobId} failed`));
    this.actions.push({ type: "jobFailed", job: job.graph.jobId, error });
  }

  private cancelJobs(ids: readonly JobId[], reason: string): void {
    for (const id of ids) {
      const job = this.jobs.get(id);
      if (job === undefined) continue;
      const error = cancelled(`job ${id}`, reason);
      this.removeJob(job, error);
      this.actions.push({ type: "jobFailed", job: id, error });
    }
  }

  private cancelStage(id: StageId, reason: string): void {
    const stage = this.stages.get(id);
    if (stage !== undefined) this.failStage(stage, cancelled(`stage ${id} (${stage.graph.name})`, reason));
  }

  /** Stops what no other job needs and forgets the stages of no other job. */
  private removeJob(job: Job, error: WireError): void {
    this.jobs.delete(job.graph.jobId);
    const sharers = new Set<JobId>();
    for (const stage of job.stages) {
      stage.jobs.delete(job.graph.jobId);
      for (const other of stage.jobs) sharers.add(other);
    }
    const needed = new Set<Stage>();
    for (const id of sharers) for (const stage of neededStages(this.jobs.get(id)!, true)) needed.add(stage);
    for (const stage of job.stages) {
      if (!needed.has(stage)) this.stopStage(stage, error);
      if (stage.jobs.size === 0) this.forgetStage(stage);
    }
  }

  private forgetStage(stage: Stage): void {
    this.stages.delete(stage.id);
    for (const parent of stage.parents) parent.consumers.delete(stage);
    const { exchange } = stage.graph;
    if (exchange === undefined) return;
    this.stageOf.delete(exchange);
    if (stage.outputs.released) this.forgetExchange(exchange);
  }

  private release(exchange: ExchangeId): void {
    const outputs = this.outputs.get(exchange);
    if (outputs === undefined) return;
    if (this.stageOf.has(exchange)) outputs.released = true;
    else this.forgetExchange(exchange);
  }

  private forgetExchange(exchange: ExchangeId): void {
    this.outputs.delete(exchange);
    this.actions.push({ type: "exchangeForgotten", exchange });
  }

  /** The output is gone: the stage waits for it, then runs again for what it misses. */
  private recoverFetch(event: EventOf<"fetchFailed">): void {
    const stage = this.stages.get(event.task.stage);
    if (stage === undefined) return;
    // what an older attempt missed is known, or the latest one will miss it too
    if (event.task.stageAttempt !== stage.attempt) return;
    this.loseOutput(event.exchange, event.mapPartition, event.error.output?.executor);
    if (stage.state === "running") {
      this.endAttempt(stage, event.error);
      stage.fetchFailures++;
      if (stage.fetchFailures >= this.limits.stageAttemptsMax) {
        const { id, graph, fetchFailures } = stage;
        this.failStage(stage, fetchesGaveUp(id, graph.name, fetchFailures, event.error));
      }
    }
    // other jobs may wait for the output as well, even when this one has failed
    const source = this.stageOf.get(event.exchange);
    this.advanceJobsOf(source === undefined ? [stage] : [stage, source]);
  }

  private loseOutput(exchange: ExchangeId, mapPartition: number, holder: ExecutorId | undefined): void {
    const outputs = this.outputs.get(exchange);
    if (outputs === undefined || !outputs.lose(mapPartition, outputs.onExecutors ? holder : undefined)) return;
    this.actions.push({ type: "outputsLost", exchange, partitions: [mapPartition] });
  }

  private loseAll(exchange: ExchangeId): void {
    const partitions = this.outputs.get(exchange)!.loseAll();
    if (partitions.length > 0) this.actions.push({ type: "outputsLost", exchange, partitions });
  }

  private loseOutputsOf(executor: ExecutorId): void {
    const affected: Stage[] = [];
    for (const [exchange, outputs] of this.outputs) {
      if (!outputs.onExecutors) continue;
      const partitions = outputs.loseExecutor(executor);
      if (partitions.length === 0) continue;
      this.actions.push({ type: "outputsLost", exchange, partitions });
      const stage = this.stageOf.get(exchange);
      if (stage !== undefined) affected.push(stage);
    }
    this.advanceJobsOf(affected);
  }

  /**
   * A recomputed partition has other rows than the one its consumers may have read. Whatever was built on the exchange is
   * computed again, so that one job never mixes both; a job that has handed out results already fails.
   */
  private redoDependents(source: Stage, partition: number): void {
    const { id: sourceId, graph } = source;
    const stale = this.exchangesBuiltOn(graph.exchange!);
    for (const exchange of stale) {
      if (exchange !== graph.exchange) this.loseAll(exchange);
    }
    const redone = [...this.stages.values()].filter(stage => stage.graph.parents.some(parent => stale.has(parent)));
    for (const stage of redone) {
      stage.attemptMin = stage.attempt + 1;
      const hasResults = stage.graph.exchange === undefined && stage.outputs.missing < stage.outputs.size;
      if (!hasResults) this.stopStage(stage, rowsChanged(sourceId, graph.name, partition));
      else for (const id of stage.jobs) this.failJob(this.jobs.get(id)!, rowsTaken(sourceId, graph.name, partition));
    }
    this.advanceJobsOf(redone);
  }

  private exchangesBuiltOn(source: ExchangeId): Set<ExchangeId> {
    const built = new Set([source]);
    for (let before = 0; before < built.size;) {
      before = built.size;
      for (const [exchange, { parents }] of this.outputs) if (parents.some(id => built.has(id))) built.add(exchange);
    }
    return built;
  }
}

function checkGraph(graph: JobGraph): void {
  const known = new Set<ExchangeId>();
  invariant(graph.stages.at(-1)?.kind === "result", `job ${graph.jobId} has no result stage at its end`);
  graph.stages.forEach((stage, i) => {
    const isLast = i === graph.stages.length - 1;
    invariant((stage.kind === "result") === isLast, `job ${graph.jobId} has a result stage before its end`);
    invariant(
      (stage.exchange === undefined) === isLast,
      `${stage.kind} stage "${stage.name}" with a wrong exchange id`,
    );
    for (const parent of stage.parents)
      invariant(known.has(parent), `"${stage.name}" comes before its parent ${parent}`);
    if (stage.exchange !== undefined) known.add(stage.exchange);
  });
}
