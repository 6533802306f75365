/**
 * A stage of running jobs: its place in the graph, which partitions count, and the attempt in flight. Jobs that need the
 * same exchange share the stage. Holds state and answers questions; what happens next is the DAG scheduler's to say.
 */
import { invariant } from "../base/assert.ts";
import type { JobId, StageId } from "../base/ids.ts";
import type { JobGraph, StageGraph } from "./contracts.ts";
import type { Outputs } from "./outputs.ts";

export interface Job {
  readonly graph: JobGraph;
  /** Parents before children, the result stage last. */
  readonly stages: readonly Stage[];
  readonly result: Stage;
}

export class Stage {
  /** Jobs whose graph has this stage, oldest first. */
  readonly jobs = new Set<JobId>();
  readonly consumers = new Set<Stage>();
  /** idle: complete, or nobody needs it now. waiting: for a parent. running: a task set is out. */
  state: "idle" | "waiting" | "running" = "idle";
  /** The latest attempt; −1 before the first. */
  attempt = -1;
  /** Results of attempts before this one were built on rows that have changed since. */
  attemptMin = 0;
  /** Tasks of this stage may be running, of the latest attempt or an earlier one. */
  hasTasks = false;
  /** Attempts ended by fetch failures since the stage was last complete. */
  fetchFailures = 0;
  /** Attempts of a barrier stage ended by a failed task since it was last complete. */
  barrierFailures = 0;
  /** Partitions of the latest attempt that have not come back. Always a subset of the missing ones. */
  outstanding = 0;
  private readonly isOutstanding: Uint8Array;
  private readonly indexes: ReadonlyMap<number, number> | undefined;

  constructor(
    readonly id: StageId,
    readonly graph: StageGraph,
    readonly parents: readonly Stage[],
    readonly outputs: Outputs,
  ) {
    const { partitions } = graph;
    this.isOutstanding = new Uint8Array(partitions.length);
    // most stages compute partitions 0 … n − 1, where an index is a partition
    if (partitions.some((partition, index) => partition !== index)) {
      this.indexes = new Map(partitions.map((partition, index) => [partition, index]));
    }
    for (const parent of parents) parent.consumers.add(this);
  }

  indexOf(partition: number): number {
    const index = this.indexes === undefined ? partition : this.indexes.get(partition);
    invariant(index !== undefined && index < this.outputs.size, `stage ${this.id} has no partition ${partition}`);
    return index;
  }

  get parentsComplete(): boolean {
    return this.parents.every(parent => parent.outputs.complete);
  }

  /** Begins the next attempt; returns the partitions it is to compute. */
  begin(): number[] {
    this.attempt++;
    this.state = "running";
    this.hasTasks = true;
    this.isOutstanding.fill(0);
    const missing = this.outputs.missingIndexes();
    for (const index of missing) this.isOutstanding[index] = 1;
    this.outstanding = missing.length;
    return this.indexes === undefined ? missing : missing.map(index => this.graph.partitions[index]!);
  }

  settle(index: number): void {
    this.outstanding -= this.isOutstanding[index]!;
    this.isOutstanding[index] = 0;
  }
}

/**
 * The incomplete stages that a job's end depends on, parents before children. A running stage has read its parents'
 * locations: `throughRunning` says whether parents that it may still read count.
 */
export function neededStages(job: Job, throughRunning: boolean): Stage[] {
  const wanted = new Set<Stage>([job.result]);
  const needed: Stage[] = [];
  for (let i = job.stages.length - 1; i >= 0; i--) {
    const stage = job.stages[i]!;
    if (!wanted.has(stage) || stage.outputs.complete) continue;
    needed.push(stage);
    if (stage.state === "running" && !throughRunning) continue;
    for (const parent of stage.parents) wanted.add(parent);
  }
  return needed.reverse();
}
