/**
 * Cached partitions in kernel memory, visible to all threads of the process. A partition is a chain of sealed blocks. Under
 * pressure the least recently read one that nobody reads is evicted; its next reader computes it again.
 *
 * One store per thread over the same memory, made on every thread that runs tasks and on the one that reclaims the dead:
 * making it tells the pool how to evict and how to clean up after an owner.
 */
import type { RddId } from "../base/ids.ts";
import type { Block } from "../data/contracts.ts";
import type { MemoryPool } from "../kernel/memory-pool.ts";
import { LockBusy, lockWaitMaxMs } from "../kernel/owner-lock.ts";
import { entangled, type OwnerId, slotWord, storageOwner } from "../kernel/owners.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";
import type { TaskMemory } from "../kernel/task-memory.ts";
import { readBlocks, readRows, readRuns } from "./block-list.ts";
import { BlockTable, type EntryState, entryState, entryWord } from "./block-table.ts";
import { compact } from "./block-compaction.ts";
import { CacheWriter } from "./cache-writer.ts";

/** A cached partition that stays where it is until `release`. */
export interface CachedPartition {
  readonly blocks: readonly Block[];
  readonly rows: number;
  readonly bytes: number;
  release(): void;
}

export interface CachedPartitionInfo {
  readonly rdd: RddId;
  readonly partition: number;
  readonly rows: number;
  /** Memory it takes, in whole pages. */
  readonly pages: number;
  /** Of its blocks. */
  readonly bytes: number;
}

type ClosedTo = typeof entryState.ready | typeof entryState.doomed;

/** States that name an owner who is at work on the entry. */
const unfinished: ReadonlySet<EntryState> = new Set([
  entryState.writing,
  entryState.writingDoomed,
  entryState.evicting,
  entryState.moving,
  entryState.movingDoomed,
]);

const noRdd = -1;
const moveWaitMaxMs = 20;
const controlWaitMaxMs = 200;
/** An attempt id that no task has, for work of the control thread. */
const controlAttempt = 0x7fff_0000;

export class BlockStore {
  private readonly table: BlockTable;
  /** Removals that a dead holder of the table keeps waiting. */
  private readonly removals = new Set<RddId>();

  constructor(private readonly pool: MemoryPool) {
    this.table = new BlockTable(pool.area, pool.locks);
    pool.setRoomMaker({
      evict: (pages, owner) => this.evict(pages, owner, noRdd),
      compact: (pages, owner) => compact(pool, this.table, this, pages, owner),
    });
    pool.onClose((owner, waitMaxMs) => this.cleanUp(owner, waitMaxMs));
  }

  /** The partition, pinned for the task; undefined when it is not cached, or not any more. */
  get(rdd: RddId, partition: number, task: TaskMemory): CachedPartition | undefined {
    const { table } = this;
    const entry = table.find(rdd, partition);
    if (entry < 0 || !this.isReadable(entry, rdd, partition)) return undefined;
    this.pool.owners.entangle(task.owner, entangled.pins);
    const pin = this.pool.pins.add(task.owner, entry);
    if (pin < 0) return undefined;
    if (!this.isReadable(entry, rdd, partition)) {
      this.unpin(pin, entry, task.owner);
      return undefined;
    }
    table.touch(entry);
    return this.pinned(entry, pin, task.owner);
  }

  /** Starts caching a partition. Undefined when it is cached, being written by another task, or the table is full. */
  openWriter(rdd: RddId, partition: number, task: TaskMemory): CacheWriter | undefined {
    const { table } = this;
    this.pool.owners.entangle(task.owner, entangled.entries);
    const entry = table.locked(task.owner, () => {
      return table.find(rdd, partition) >= 0 ? -1 : table.insert(rdd, partition, task.owner);
    });
    return entry < 0 ? undefined : new CacheWriter(this.pool, this, task.owner, entry, rdd);
  }

  /**
   * Drops all partitions of an rdd; those being read or written, as soon as they are not. For the thread that reclaims the dead:
   * when one of those holds the table, the rest is done after it has been taken back.
   */
  remove(rdd: RddId): void {
    const { pool, table } = this;
    const owner = pool.openOwner("task", controlAttempt);
    pool.owners.entangle(owner, entangled.entries);
    table.lockWaitMaxMs = controlWaitMaxMs;
    try {
      for (const entry of table.locked(owner, () => this.closeAll(rdd, owner))) this.drop(entry, owner);
    } catch (thrown) {
      if (!(thrown instanceof LockBusy)) throw thrown;
      this.removals.add(rdd);
    } finally {
      table.lockWaitMaxMs = lockWaitMaxMs;
      pool.reclaim(owner);
    }
  }

  /** Evicts by recency until `pages` came free, sparing what is read and the partitions of one rdd; gives the pages freed. */
  evict(pages: number, owner: OwnerId, spareRdd: number): number {
    let freed = 0;
    this.pool.owners.entangle(owner, entangled.entries);
    const pinned = new Set<number>();
    while (freed < pages) {
      const victim = this.table.locked(owner, () => {
        const entry = this.table.leastRecent(spareRdd, pinned);
        if (entry >= 0 && this.close(entry, owner, entryState.ready)) return entry;
        if (entry >= 0) pinned.add(entry);
        return entry < 0 ? undefined : -1;
      });
      if (victim === undefined) break;
      if (victim >= 0) freed += this.drop(victim, owner);
    }
    return freed;
  }

  /** What is cached, for status pages and placement. */
  list(): CachedPartitionInfo[] {
    const found: CachedPartitionInfo[] = [];
    this.scan(entry => void found.push(this.infoOf(entry)));
    return found;
  }

  /** The cached partitions by where the table has them, which is theirs until they go. Makes nothing. */
  scan(visit: (entry: number, rdd: RddId, partition: number) => void): void {
    const { table } = this;
    for (const entry of table.used()) {
      const state = table.state(entry);
      if (state === entryState.ready || state === entryState.moving)
        visit(entry, table.get(entry, entryWord.rdd) as RddId, table.get(entry, entryWord.partition));
    }
  }

  infoOf(entry: number): CachedPartitionInfo {
    const { table } = this;
    return {
      rdd: table.get(entry, entryWord.rdd) as RddId,
      partition: table.get(entry, entryWord.partition),
      rows: table.get(entry, entryWord.rows) >>> 0,
      pages: table.get(entry, entryWord.pages),
      bytes: table.get(entry, entryWord.bytes) >>> 0,
    };
  }

  /** For `CacheWriter`: lists the entry's memory, hands it over, opens it to readers. Undefined, and nothing done, when it was removed. */
  publish(
    entry: number,
    owner: OwnerId,
    list: Ptr,
    pages: number,
    bytes: number,
    rows: number,
    handOver: () => void,
  ): CachedPartition | undefined {
    const { table, pool } = this;
    if (table.state(entry) === entryState.writingDoomed) return undefined;
    const pin = pool.pins.add(owner, entry);
    if (pin < 0) return undefined;
    table.set(entry, entryWord.pages, pages);
    table.set(entry, entryWord.bytes, bytes | 0);
    table.set(entry, entryWord.rows, rows | 0);
    // From here on the list says what to free should this thread die (see cleanUp).
    table.set(entry, entryWord.list, list | 0);
    handOver();
    table.touch(entry);
    table.locked(owner, () => {
      const removed = table.state(entry) === entryState.writingDoomed;
      table.setState(entry, removed ? entryState.doomed : entryState.ready);
    });
    return this.pinned(entry, pin, owner);
  }

  /** For `CacheWriter`: gives an entry in state writing up. */
  forget(entry: number, owner: OwnerId): void {
    this.table.locked(owner, () => this.table.delete(entry));
  }

  /** Under the lock: dooms an rdd's partitions that someone is at; gives those that can be dropped at once. */
  private closeAll(rdd: RddId, owner: OwnerId): number[] {
    const { table } = this;
    const closed: number[] = [];
    for (const entry of table.used()) {
      if (table.get(entry, entryWord.rdd) !== rdd) continue;
      const holder = table.stateOwner(entry) as OwnerId;
      const state = table.state(entry);
      if (state === entryState.writing) table.setState(entry, entryState.writingDoomed, holder);
      else if (state === entryState.moving) table.setState(entry, entryState.movingDoomed, holder);
      else if (state === entryState.ready && this.close(entry, owner, entryState.doomed)) closed.push(entry);
    }
    return closed;
  }

  private pinned(entry: number, pin: number, owner: OwnerId): CachedPartition {
    const { words } = this.pool.area;
    const list = asPtr(this.table.get(entry, entryWord.list));
    let released = false;
    return {
      blocks: readBlocks(words, list),
      rows: readRows(words, list),
      bytes: this.table.get(entry, entryWord.bytes) >>> 0,
      release: () => {
        if (released) return;
        released = true;
        this.unpin(pin, entry, owner);
      },
    };
  }

  private unpin(pin: number, entry: number, owner: OwnerId): void {
    this.pool.pins.remove(pin);
    if (this.table.state(entry) !== entryState.doomed) return;
    this.dropDoomed(entry, owner);
  }

  private dropDoomed(entry: number, owner: OwnerId): void {
    const { table } = this;
    this.pool.owners.entangle(owner, entangled.entries);
    const last = table.locked(owner, () => {
      return table.state(entry) === entryState.doomed && this.close(entry, owner, entryState.doomed);
    });
    if (last) this.drop(entry, owner);
  }

  private isReadable(entry: number, rdd: RddId, partition: number): boolean {
    for (let spin = 0; spin < 100; spin++) {
      const state = this.table.state(entry);
      if (state === entryState.ready) return this.table.isKey(entry, rdd, partition);
      if (state === entryState.moving) this.table.waitForMove(entry, moveWaitMaxMs);
      else if (state !== entryState.evicting) return false;
    }
    return false;
  }

  /** Under the lock: closes an entry to readers; when it turns out to be pinned it goes to `otherwise`, and false. */
  private close(entry: number, owner: OwnerId, otherwise: ClosedTo): boolean {
    this.table.setState(entry, entryState.evicting, owner);
    if (!this.pool.pins.isPinned(entry)) return true;
    this.table.setState(entry, otherwise);
    return false;
  }

  /**
   * Frees an entry that `owner` has closed; gives the pages freed. All its pages become the owner's before the first of them is free for others:
   * should this thread die, what the list names is either still storage's or the dead owner's, never somebody else's.
   */
  drop(entry: number, owner: OwnerId): number {
    const { pages } = this.pool;
    const runs = readRuns(this.pool.area.words, asPtr(this.table.get(entry, entryWord.list)));
    let freed = 0;
    for (const run of runs) pages.transfer(run.page, run.pages, storageOwner, owner, owner);
    this.table.locked(owner, () => this.table.delete(entry));
    for (const run of runs) {
      pages.free(run.page, run.pages, owner);
      freed += run.pages;
    }
    return freed;
  }

  /** After an owner's end, whose pins and locks are gone: its unfinished entries, and what only it kept from being dropped. */
  private cleanUp(owner: OwnerId, waitMaxMs: number): void {
    const { table } = this;
    const before = table.lockWaitMaxMs;
    table.lockWaitMaxMs = waitMaxMs;
    try {
      for (const entry of table.used()) {
        const state = table.state(entry);
        if (unfinished.has(state) && table.stateOwner(entry) === owner) table.locked(owner, () => this.giveUp(entry));
        else if (state === entryState.doomed) this.dropDoomed(entry, owner);
      }
    } finally {
      table.lockWaitMaxMs = before;
    }
    const [rdd] = this.removals;
    if (rdd === undefined) return;
    this.removals.delete(rdd);
    this.remove(rdd);
  }

  /** Under the lock: forgets an unfinished entry and frees what it has already given to storage. */
  private giveUp(entry: number): void {
    const { table, pool } = this;
    const list = asPtr(table.get(entry, entryWord.list));
    const runs = list === 0 ? [] : readRuns(pool.area.words, list);
    let freed = 0;
    for (const run of runs) freed += pool.pages.freeWhereOwned(run.page, run.pages, storageOwner);
    pool.owners.add(storageOwner, slotWord.usedPages, -freed);
    table.delete(entry);
  }
}
