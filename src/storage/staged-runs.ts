/**
 * Pages of a cached partition to be: the task's, but counted as storage. They become storage's when the partition's entry names
 * them, and are the task's to free until then.
 */
import type { Block } from "../data/contracts.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { MemoryPool } from "../kernel/memory-pool.ts";
import { type OwnerId, slotWord, storageOwner } from "../kernel/owners.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";
import { listBytes, writeList } from "./block-list.ts";
import { BlockRuns } from "./block-runs.ts";

export class StagedRuns {
  readonly blocks: Block[] = [];
  /** Of the blocks. */
  bytes = 0;
  private readonly runs = new BlockRuns();

  constructor(
    private readonly pool: MemoryPool,
    private readonly owner: OwnerId,
    /** Makes room for a number of pages; false when it cannot. */
    private readonly makeRoom: (pages: number) => boolean,
  ) {}

  /** Memory of whole pages. */
  get heldBytes(): number {
    return this.runs.bytes;
  }

  /** Room for another block of `bytes`; undefined when there is none. */
  add(bytes: number): Ptr | undefined {
    const ptr = this.reserve(bytes);
    if (ptr === undefined) return undefined;
    this.blocks.push({ ptr, bytes });
    this.bytes += bytes;
    return ptr;
  }

  /** Writes the list of all there is; undefined when there is no room for it. */
  list(rows: number): Ptr | undefined {
    // One run more than there are now: the list may need its own.
    const list = this.reserve(listBytes(this.runs.count + 1, this.blocks.length), true);
    if (list === undefined) return undefined;
    for (const run of this.runs) this.trim(run);
    writeList(this.pool.area.words, list, this.runs, this.blocks, rows);
    return list;
  }

  get pages(): number {
    return this.runs.bytes / pageBytes;
  }

  /** When an entry names the list. */
  handOver(): void {
    const { pool, owner, pages } = this;
    for (const run of this.runs) pool.pages.transfer(run.ptr / pageBytes, run.bytes / pageBytes, owner, storageOwner);
    pool.owners.add(owner, slotWord.stagedPages, -pages);
  }

  free(): void {
    for (const run of this.runs) this.unstage(run.ptr / pageBytes, run.bytes / pageBytes);
    this.runs.clear();
    this.blocks.length = 0;
    this.bytes = 0;
  }

  private reserve(bytes: number, isLast = false): Ptr | undefined {
    return this.runs.reserve(Math.ceil(bytes / 16) * 16, runBytes => this.claim(runBytes / pageBytes), isLast);
  }

  private claim(pages: number): Ptr | undefined {
    const { pool, owner } = this;
    // what is read cannot be evicted, and all tasks may read at once: they must have room to work in beside it
    if (this.pages + pages > pool.shares.cachedPartitionPagesMax()) return undefined;
    const page = pool.claimRun(pages, owner, "bottom", () => this.makeRoom(pages));
    if (page === 0) return undefined;
    pool.owners.add(owner, slotWord.stagedPages, pages);
    return asPtr(page * pageBytes);
  }

  private trim(run: { readonly ptr: Ptr; bytes: number; readonly used: number }): void {
    const kept = Math.ceil(run.used / pageBytes);
    const spare = run.bytes / pageBytes - kept;
    if (spare === 0) return;
    this.unstage(run.ptr / pageBytes + kept, spare);
    run.bytes = kept * pageBytes;
  }

  private unstage(page: number, pages: number): void {
    this.pool.pages.free(page, pages, this.owner);
    this.pool.owners.add(this.owner, slotWord.stagedPages, -pages);
  }
}
