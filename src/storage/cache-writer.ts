/**
 * Writes one partition into the cache, block by block: into memory while its level allows it and there is room, which evicts other
 * cached blocks (never of the same rdd, and not tasks' memory); into a file from then on, what is in memory first, where its level
 * allows that. Where neither is left the partition is not cached: `append` says so, the caller reads what is there from `blocks`,
 * goes on without, and aborts.
 *
 * A file that cannot be written any more takes what is in it along: `append` and `commit` then throw `CacheLost`, and the caller
 * computes from the first row.
 */
import { invariant } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import type { Block } from "../data/contracts.ts";
import type { Ptr } from "../kernel/ptr.ts";
import type { OperatorMemory, TaskMemory } from "../kernel/task-memory.ts";
import type { BlockFiles, NewBlockFile } from "./block-files.ts";
import type { BlockStore, CachedPartition } from "./block-store.ts";
import { blockFlag } from "./block-table.ts";
import { StagedRuns } from "./staged-runs.ts";

const largeBlockBytes = 1024 * 1024;

export class CacheLost extends FiresteelError {
  constructor(thrown: unknown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    super("resource", why, { cause: thrown });
  }
}

export interface CacheEntry {
  readonly entry: number;
  readonly rdd: number;
  /** `blockFlag`s. */
  readonly flags: number;
}

export class CacheWriter {
  private readonly staged: StagedRuns;
  private readonly memory: OperatorMemory;
  private readonly deregister: (() => void) | undefined;
  private file: NewBlockFile | undefined;
  private isWriting = false;
  private ended = false;

  constructor(
    private readonly store: BlockStore,
    private readonly task: TaskMemory,
    /** Absent where there is no disk. */
    private readonly files: BlockFiles | undefined,
    private readonly at: CacheEntry,
  ) {
    const { pool, owner } = task;
    this.memory = task.withOperator("cache");
    this.staged = new StagedRuns(pool, owner, pages => store.evict(pages, owner, at.rdd) > 0);
    if (!this.mayUseDisk) return;
    const { memory, staged } = this;
    const spillable = {
      name: "cache",
      get usedBytes() {
        return staged.heldBytes;
      },
      spill: () => this.makeRoomForTask(),
    };
    this.deregister = task.registerSpillable(spillable, memory);
  }

  /** What has been written so far and is in memory. Valid until `abort`, or pinned after `commit`. */
  get blocks(): readonly Block[] {
    return this.staged.blocks;
  }

  /**
   * Room for a block of `bytes` (a multiple of 16), filled by `seal`. False when there is none: then `abort`. A file can take it from
   * the heap, where memory is too short for a copy.
   */
  append(bytes: number, seal: (ptr: Ptr) => void, onHeap?: () => Uint8Array): boolean {
    invariant(!this.ended, "the cached partition is complete");
    if (this.file === undefined && (this.at.flags & blockFlag.memory) !== 0) {
      const ptr = this.staged.add(bytes);
      if (ptr !== undefined) {
        seal(ptr);
        return true;
      }
    }
    if (!this.mayUseDisk) return false;
    this.toDisk();
    const isLarge = onHeap !== undefined && bytes > largeBlockBytes;
    const ptr = isLarge ? this.memory.tryAlloc(bytes) : this.memory.alloc(bytes);
    if (ptr === undefined) {
      this.writing(() => this.file!.appendPlain(onHeap!()));
      return true;
    }
    try {
      seal(ptr);
      this.writing(() => this.file!.append({ ptr, bytes }));
    } finally {
      this.memory.free(ptr, bytes);
    }
    return true;
  }

  /**
   * Makes the partition visible and gives it, pinned; one on disk whose rdd was removed meanwhile, to its writer alone. Undefined
   * when there was no room for its list or its rdd was removed: then `blocks` are still there to be read, until `abort`.
   */
  commit(rows: number): CachedPartition | undefined {
    const { store, staged, task, at } = this;
    if (this.file === undefined && (at.flags & blockFlag.memory) !== 0) {
      const list = staged.list(rows);
      if (list !== undefined) {
        const cached = store.publish(
          at.entry,
          task.owner,
          { list, pages: staged.pages, bytes: staged.bytes, rows },
          () => staged.handOver(),
        );
        this.end(cached !== undefined);
        return cached;
      }
    }
    if (!this.mayUseDisk) return undefined;
    this.toDisk();
    this.writing(() => this.file!.finish(rows));
    const cached = store.publish(at.entry, task.owner, undefined, () => {});
    if (cached === undefined) throw new CacheLost("too many cached partitions are being read");
    this.end(true);
    return cached;
  }

  /** Frees what was written and forgets the entry. */
  abort(): void {
    if (this.ended) return;
    this.end(true);
    this.file?.abort();
    this.store.forget(this.at.entry, this.task.owner);
    this.staged.free();
  }

  private end(isEnded: boolean): void {
    if (!isEnded) return;
    this.ended = true;
    this.deregister?.();
  }

  private get mayUseDisk(): boolean {
    return this.files !== undefined && (this.at.flags & blockFlag.disk) !== 0;
  }

  /** From here on blocks go to the file. */
  private toDisk(): void {
    if (this.file !== undefined) return;
    const compresses = (this.at.flags & blockFlag.packed) === 0;
    this.writing(() => {
      const file = this.files!.create(this.at.entry, this.memory, compresses);
      try {
        for (const block of this.staged.blocks) file.append(block);
      } catch (thrown) {
        file.abort();
        throw thrown;
      }
      this.file = file;
      this.staged.free();
    });
  }

  private writing(write: () => void): void {
    this.isWriting = true;
    try {
      write();
    } catch (thrown) {
      throw new CacheLost(thrown);
    } finally {
      this.isWriting = false;
    }
  }

  /** Another operator of the task needs the memory more. */
  private makeRoomForTask(): number {
    const held = this.staged.heldBytes;
    if (this.isWriting || this.ended || this.file !== undefined || held === 0) return 0;
    try {
      this.toDisk();
      return held;
    } catch {
      // no disk takes it
      return 0;
    }
  }
}
