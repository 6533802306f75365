/** What one operator holds of its task's memory, by name, and its work beside that. */
import type { Allocator } from "./allocator.ts";
import type { OwnerId } from "./owners.ts";
import type { Ptr } from "./ptr.ts";
import type { TaskMemory } from "./task-memory.ts";

/** Something that can write its rows to disk and free their memory. */
export interface Spillable {
  readonly name: string;
  readonly usedBytes: number;
  /** Frees what it can; gives the bytes that came free, 0 when there was nothing to spill. */
  spill(): number;
}

/** One operator's view of its task's memory: the same allocations, counted on its account. */
export class OperatorMemory implements Allocator {
  usedBytes = 0;
  peakBytes = 0;

  constructor(
    readonly name: string,
    readonly task: TaskMemory,
    /** The account that this one's work is for. */
    readonly worksFor?: OperatorMemory,
  ) {}

  /**
   * An account for work that must go on when the operator may hold no more: what is held in it is little, and goes soon. It may use
   * what is kept for that, beyond the task's share.
   */
  forWork(): OperatorMemory {
    return this.task.withWork(this);
  }

  alloc(bytes: number): Ptr {
    return this.task.allocFor(this, bytes);
  }

  /** What can be had at once: nobody has to spill or is waited for. Undefined when that is nothing. */
  tryAlloc(bytes: number): Ptr | undefined {
    return this.task.tryAllocFor(this, bytes);
  }

  free(ptr: Ptr, bytes: number): void {
    this.task.freeFor(this, ptr, bytes);
  }

  /**
   * Whole pages, whatever the size, so that they can be handed over. Freed by `free` with the bytes given here. Who writes much keeps
   * it apart from what other tasks write.
   */
  allocRun(bytes: number, isApart = false): Ptr {
    return this.task.allocRunFor(this, bytes, isApart);
  }

  /** Frees the tail of a run from `allocRun`; gives the bytes it has now, to be freed or handed over with. */
  shrinkRun(ptr: Ptr, bytes: number, keptBytes: number): number {
    return this.task.shrinkRunFor(this, ptr, bytes, keptBytes);
  }

  /** Gives a page run to another owner; it is no longer this task's to free. */
  handOver(ptr: Ptr, bytes: number, to: OwnerId): void {
    this.task.handOverFor(this, ptr, bytes, to);
  }

  /** Takes an allocation of another operator of the task over. */
  takeOver(from: OperatorMemory, ptr: Ptr, bytes: number): void {
    this.task.moveCharge(from, this, ptr, bytes);
  }

  /** Lets other operators of the task ask this one to spill. Gives the function that ends it. */
  spillable(spillable: Spillable): () => void {
    return this.task.registerSpillable(spillable, this);
  }
}
