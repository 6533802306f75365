/**
 * Which partitions of a stage count as computed, and who holds them. An exchange's outputs live longer than the jobs that
 * made them, so that later jobs skip the stage; a result stage's live as long as its job.
 */
import type { ExchangeId, ExecutorId } from "../base/ids.ts";

const missingOutput = -1;

export class Outputs {
  /** How many partitions are not computed. */
  missing: number;
  /** Nothing outside running jobs refers to the exchange any more. */
  released = false;
  private readonly executors: Int32Array;
  /** Of every output ever accepted, lost ones too; NaN where unknown. */
  private checksums: Float64Array | undefined;

  constructor(
    readonly size: number,
    readonly parents: readonly ExchangeId[],
    /** Held by executors; otherwise by the driver. */
    readonly onExecutors: boolean,
  ) {
    this.missing = size;
    this.executors = new Int32Array(size).fill(missingOutput);
  }

  get complete(): boolean {
    return this.missing === 0;
  }

  has(index: number): boolean {
    return this.executors[index] !== missingOutput;
  }

  /** Returns whether the rows differ from those of an earlier output of the same partition. */
  accept(index: number, executor: ExecutorId, checksum: number | undefined): boolean {
    this.executors[index] = executor;
    this.missing--;
    if (checksum === undefined) return false;
    this.checksums ??= new Float64Array(this.size).fill(Number.NaN);
    const before = this.checksums[index]!;
    this.checksums[index] = checksum;
    return !Number.isNaN(before) && before !== checksum;
  }

  /** Returns false when the output is already gone or, with `executor` given, held by another one. */
  lose(index: number, executor: ExecutorId | undefined): boolean {
    const holder = this.executors[index];
    if (holder === undefined || holder === missingOutput) return false;
    if (executor !== undefined && holder !== executor) return false;
    this.executors[index] = missingOutput;
    this.missing++;
    return true;
  }

  loseExecutor(executor: ExecutorId): number[] {
    return this.loseWhere(holder => holder === executor);
  }

  loseAll(): number[] {
    return this.loseWhere(() => true);
  }

  missingIndexes(): number[] {
    const indexes: number[] = [];
    for (let i = 0; i < this.size; i++) if (this.executors[i] === missingOutput) indexes.push(i);
    return indexes;
  }

  private loseWhere(isLost: (holder: number) => boolean): number[] {
    const lost: number[] = [];
    for (let i = 0; i < this.size; i++) {
      const holder = this.executors[i]!;
      if (holder === missingOutput || !isLost(holder)) continue;
      this.executors[i] = missingOutput;
      lost.push(i);
    }
    this.missing += lost.length;
    return lost;
  }
}
