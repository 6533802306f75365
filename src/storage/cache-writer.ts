/**
 * Writes one partition into the cache, block by block. Its pages are the task's until `commit`, but count as storage: they
 * evict other cached blocks (never of the same rdd), not tasks' memory. When there is no room the partition is not cached:
 * `append` says so, the caller reads what is there from `blocks`, goes on without, and aborts.
 */
import { invariant } from "../base/assert.ts";
import type { Block } from "../data/contracts.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { MemoryPool } from "../kernel/memory-pool.ts";
import { type OwnerId, slotWord, storageOwner } from "../kernel/owners.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";
import { listBytes, writeList } from "./block-list.ts";
import { BlockRuns } from "./block-runs.ts";
import type { BlockStore, CachedPartition } from "./block-store.ts";

export class CacheWriter {
  /** What has been written so far. Valid until `abort`, or pinned after `commit`. */
  readonly blocks: Block[] = [];
  private readonly runs = new BlockRuns();
  private bytes = 0;
  private ended = false;

  constructor(
    private readonly pool: MemoryPool,
    private readonly store: BlockStore,
    private readonly owner: OwnerId,
    private readonly entry: number,
    private readonly rdd: number,
  ) {}

  /** Room for a block of `bytes` (a multiple of 16), filled by `seal`. False when there is none: then `abort`. */
  append(bytes: number, seal: (ptr: Ptr) => void): boolean {
    invariant(!this.ended, "the cached partition is complete");
    const ptr = this.reserve(bytes);
    if (ptr === undefined) return false;
    seal(ptr);
    this.blocks.push({ ptr, bytes });
    this.bytes += bytes;
    return true;
  }

  /**
   * Makes the partition visible and gives it, pinned. Undefined when there was no room for its list or its rdd was removed
   * meanwhile: then `blocks` are still there to be read, until `abort`.
   */
  commit(rows: number): CachedPartition | undefined {
    // One run more than there are now: the list may need its own.
    const list = this.reserve(listBytes(this.runs.count + 1, this.blocks.length), true);
    if (list === undefined) return undefined;
    for (const run of this.runs) this.trim(run);
    writeList(this.pool.area.words, list, this.runs, this.blocks, rows);
    const cached = this.store.publish(
      this.entry,
      this.owner,
      list,
      this.runs.bytes / pageBytes,
      this.bytes,
      rows,
      () => {
        for (const run of this.runs)
          this.pool.pages.transfer(run.ptr / pageBytes, run.bytes / pageBytes, this.owner, storageOwner);
        this.pool.owners.add(this.owner, slotWord.stagedPages, -this.runs.bytes / pageBytes);
      },
    );
    this.ended = cached !== undefined;
    return cached;
  }

  /** Frees what was written and forgets the entry. */
  abort(): void {
    if (this.ended) return;
    this.ended = true;
    this.store.forget(this.entry, this.owner);
    for (const run of this.runs) this.unstage(run.ptr / pageBytes, run.bytes / pageBytes);
    this.runs.clear();
    this.blocks.length = 0;
  }

  private reserve(bytes: number, isLast = false): Ptr | undefined {
    return this.runs.reserve(Math.ceil(bytes / 16) * 16, runBytes => this.claim(runBytes / pageBytes), isLast);
  }

  private claim(pages: number): Ptr | undefined {
    const { pool, owner } = this;
    for (;;) {
      let page = pool.pages.claim(pages, owner, "bottom");
      if (page === 0 && pages > 1 && pool.shares.freePages() >= pages) page = pool.compact(pages, owner);
      if (page !== 0) {
        pool.owners.add(owner, slotWord.stagedPages, pages);
        return asPtr(page * pageBytes);
      }
      if (this.store.evict(pages, owner, this.rdd) === 0) return undefined;
    }
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
