/** The engine's memory of submitted jobs: which plan each running stage has, and what its tasks added to accumulators. */
import { invariant } from "../base/assert.ts";
import type { JobId, StageId } from "../base/ids.ts";
import { type StagePlan, taskCount } from "../planner/stages.ts";
import type { JobGraph, Preferred, StageGraph } from "../schedule/contracts.ts";
import type { AccumulatorUpdate, SubmittedJob } from "./messages.ts";

interface RunningStage {
  readonly plan: StagePlan;
  readonly properties: Readonly<Record<string, string>>;
  readonly updates: { readonly partition: number; readonly updates: readonly AccumulatorUpdate[] }[];
  /** By partition. */
  readonly failures: Map<number, number>;
}

export class JobBook {
  private readonly jobs = new Map<JobId, SubmittedJob>();
  private readonly plans = new WeakMap<StageGraph, StagePlan>();
  private readonly stages = new Map<StageId, RunningStage>();

  /** Keeps the job and gives its outline for the schedulers. */
  add(job: SubmittedJob, preferredOf: (plan: StagePlan) => Preferred | undefined): JobGraph {
    this.jobs.set(job.id, job);
    const stages = job.stages.map(plan => {
      const preferred = preferredOf(plan);
      const graph: StageGraph = {
        kind: plan.kind,
        ...(plan.kind !== "result" && { exchange: plan.root.exchange }),
        parents: plan.reads,
        partitions: plan.kind === "result" ? job.partitions : Array.from({ length: taskCount(plan) }, (_, i) => i),
        name: plan.name,
        ...(preferred !== undefined && { preferred }),
        ...(plan.barrier === true && { barrier: true }),
      };
      this.plans.set(graph, plan);
      return graph;
    });
    return { jobId: job.id, stages, pool: job.pool, ...(job.group !== undefined && { group: job.group }) };
  }

  ids(): readonly JobId[] {
    return [...this.jobs.keys()];
  }

  remove(job: JobId): void {
    this.jobs.delete(job);
  }

  stageStarted(stage: StageId, job: JobId, graph: StageGraph): void {
    const plan = this.plans.get(graph);
    invariant(plan !== undefined, `stage ${stage} has no plan`);
    if (this.stages.has(stage)) return;
    this.stages.set(stage, {
      plan,
      properties: this.jobs.get(job)?.properties ?? {},
      updates: [],
      failures: new Map(),
    });
  }

  planOf(stage: StageId): RunningStage {
    const running = this.stages.get(stage);
    invariant(running !== undefined, `stage ${stage} is not running`);
    return running;
  }

  /** `map at job.ts:4:6`; empty once it has ended. */
  nameOf(stage: StageId): string {
    return this.stages.get(stage)?.plan.name ?? "";
  }

  accumulate(stage: StageId, partition: number, updates: readonly AccumulatorUpdate[]): void {
    this.stages.get(stage)?.updates.push({ partition, updates });
  }

  /** How often the task has failed in this stage, now included. */
  countFailure(stage: StageId, partition: number): number {
    const failures = this.stages.get(stage)?.failures;
    const count = (failures?.get(partition) ?? 0) + 1;
    failures?.set(partition, count);
    return count;
  }

  /** Forgets the stage; gives its tasks' updates in partition order, so that sums do not depend on timing. */
  stageEnded(stage: StageId): readonly AccumulatorUpdate[] {
    const running = this.stages.get(stage);
    this.stages.delete(stage);
    if (running === undefined) return [];
    return running.updates.sort((a, b) => a.partition - b.partition).flatMap(entry => entry.updates);
  }
}
