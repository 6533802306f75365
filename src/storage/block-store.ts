/**
 * Cached partitions in kernel memory and in files, visible to all threads of the process. A partition is a chain of sealed blocks,
 * compressed where its level says so. Under pressure the least recently read one that nobody reads leaves memory: to its file where
 * its level has one, else its next reader computes it again.
 *
 * One store per thread over the same memory, made on every thread that runs tasks and on the one that reclaims the dead:
 * making it tells the pool how to evict and how to clean up after an owner. How states change is block-table.ts's to say.
 */
import type { RddId } from "../base/ids.ts";
import type { Block } from "../data/contracts.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { MemoryPool } from "../kernel/memory-pool.ts";
import { LockBusy, lockWaitMaxMs } from "../kernel/owner-lock.ts";
import { entangled, type OwnerId } from "../kernel/owners.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";
import type { TaskMemory } from "../kernel/task-memory.ts";
import { isPacked, StorageLevel } from "../plan/storage-level.ts";
import { type BlockFile, BlockFiles, type BlockFilesOptions } from "./block-files.ts";
import { readBlocks, readRows } from "./block-list.ts";
import { BlockRelease } from "./block-release.ts";
import { blockFlag, BlockTable, entryState, entryWord } from "./block-table.ts";
import { compact } from "./block-compaction.ts";
import { CacheWriter } from "./cache-writer.ts";
import { StagedRuns } from "./staged-runs.ts";

/** A cached partition that stays where it is until `release`. */
export interface CachedPartition {
  /** The stored blocks, where they are in memory; else they are in the file. */
  readonly blocks: readonly Block[] | undefined;
  /** Of those blocks. */
  readonly rows: number;
  /** Of the blocks in memory. */
  readonly bytes: number;
  /** `blockFlag`s. */
  readonly flags: number;
  /** Throws kind "data" when the file is damaged or gone: then `discard`. */
  openFile(allocator: Allocator): BlockFile;
  /** Room in memory for blocks out of the file, where its level wants them there and nothing has to make way; else undefined. */
  stage(blockBytes: readonly number[]): StagedRuns | undefined;
  /** All blocks of the file are in `staged`: keeps them in memory. False, and nothing done, when they are there already. */
  adopt(staged: StagedRuns, rows: number): boolean;
  /** Nobody is to read it any more. */
  discard(): void;
  release(): void;
}

export interface CachedPartitionInfo {
  readonly rdd: RddId;
  readonly partition: number;
  readonly rows: number;
  /** Memory it takes, in whole pages. */
  readonly pages: number;
  /** Of its blocks in memory. */
  readonly bytes: number;
  /** Of its file. */
  readonly diskBytes: number;
}

/** What `publish` makes an entry name. */
export interface InMemory {
  readonly list: Ptr;
  readonly pages: number;
  readonly bytes: number;
  readonly rows: number;
}

const noRdd = -1;
const moveWaitMaxMs = 20;
const controlWaitMaxMs = 200;
/** An attempt id that no task has, for work of the control thread. */
const controlAttempt = 0x7fff_0000;
/** Free pages that reading into memory leaves to others. */
const sparePages = 16;

export class BlockStore {
  private readonly table: BlockTable;
  private readonly files: BlockFiles | undefined;
  private readonly releasing: BlockRelease;
  /** Removals that a dead holder of the table keeps waiting. */
  private readonly removals = new Set<RddId>();

  /** Without `files` there is no disk. */
  constructor(
    private readonly pool: MemoryPool,
    files?: BlockFilesOptions,
  ) {
    this.table = new BlockTable(pool.area, pool.locks);
    this.files = files && new BlockFiles(pool, this.table, files);
    this.releasing = new BlockRelease(pool, this.table, this.files);
    pool.setRoomMaker({
      evict: (pages, owner) => this.evict(pages, owner, noRdd),
      compact: (pages, owner, mayEvict) =>
        compact({ pool, table: this.table, drops: this.releasing, owner, mayEvict }, pages),
      holders: () => this.table.holders(),
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

  /** Whether it is cached just now. */
  has(rdd: RddId, partition: number): boolean {
    const entry = this.table.find(rdd, partition);
    return entry >= 0 && this.isReadable(entry, rdd, partition);
  }

  /** Starts caching a partition. Undefined when it is cached, being written by another task, or the table is full. */
  openWriter(
    rdd: RddId,
    partition: number,
    task: TaskMemory,
    level: StorageLevel | number = StorageLevel.MEMORY_ONLY,
  ): CacheWriter | undefined {
    const { table } = this;
    const flags = typeof level === "number" ? level : flagsOf(level);
    this.pool.owners.entangle(task.owner, entangled.entries);
    const entry = table.locked(task.owner, () => {
      return table.find(rdd, partition) >= 0 ? -1 : table.insert(rdd, partition, task.owner, flags);
    });
    return entry < 0 ? undefined : new CacheWriter(this, task, this.files, { entry, rdd, flags });
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
      for (const entry of table.locked(owner, () => this.closeAll(rdd, owner))) this.releasing.drop(entry, owner);
      // what is being written or read keeps its file
      if (!this.holds(rdd)) this.files?.removeFolder(rdd);
    } catch (thrown) {
      if (!(thrown instanceof LockBusy)) throw thrown;
      this.removals.add(rdd);
    } finally {
      table.lockWaitMaxMs = lockWaitMaxMs;
      pool.reclaim(owner);
    }
  }

  /** Takes partitions out of memory by recency until `pages` came free, sparing what is read and one rdd; gives the pages freed. */
  evict(pages: number, owner: OwnerId, spareRdd: number): number {
    const { table, releasing } = this;
    let freed = 0;
    this.pool.owners.entangle(owner, entangled.entries);
    const pinned = new Set<number>();
    while (freed < pages) {
      const victim = table.locked(owner, () => {
        const entry = table.leastRecent(spareRdd, pinned);
        if (entry < 0) return undefined;
        const state = releasing.closingState(entry);
        if (releasing.close(entry, owner, state, entryState.ready)) return { entry, state };
        pinned.add(entry);
        return { entry: -1, state };
      });
      if (victim === undefined) break;
      const { entry, state } = victim;
      if (entry < 0) continue;
      freed += state === entryState.spilling ? releasing.putOut(entry, owner) : releasing.drop(entry, owner);
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
      if (state === entryState.ready || state === entryState.moving || state === entryState.spilling)
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
      bytes: table.get(entry, entryWord.pages) === 0 ? 0 : table.get(entry, entryWord.bytes) >>> 0,
      diskBytes: this.files?.bytesOf(entry) ?? 0,
    };
  }

  /**
   * For `CacheWriter`: lists the entry's memory, hands it over, opens it to readers; without memory its file is what it has. Undefined,
   * and nothing done, when it was removed and its blocks can be read by its writer alone, or nothing can be pinned.
   */
  publish(
    entry: number,
    owner: OwnerId,
    memory: InMemory | undefined,
    handOver: () => void,
  ): CachedPartition | undefined {
    const { table, pool } = this;
    if (memory !== undefined && table.state(entry) === entryState.writingDoomed) return undefined;
    const pin = pool.pins.add(owner, entry);
    if (pin < 0) return undefined;
    if (memory !== undefined) this.nameMemory(entry, memory, handOver);
    table.touch(entry);
    table.locked(owner, () => {
      const removed = table.state(entry) === entryState.writingDoomed;
      table.setState(entry, removed ? entryState.doomed : entryState.ready);
    });
    return this.pinned(entry, pin, owner);
  }

  /** For `CacheWriter`: gives an entry in state writing up. */
  forget(entry: number, owner: OwnerId): void {
    this.files?.remove(this.files.fileOf(entry));
    this.table.locked(owner, () => this.table.delete(entry));
  }

  private nameMemory(entry: number, { list, pages, bytes, rows }: InMemory, handOver: () => void): void {
    const { table } = this;
    table.set(entry, entryWord.pages, pages);
    table.set(entry, entryWord.bytes, bytes | 0);
    table.set(entry, entryWord.rows, rows | 0);
    // From here on the list says what to free should this thread die (see BlockRelease).
    table.set(entry, entryWord.list, list | 0);
    handOver();
  }

  private holds(rdd: RddId): boolean {
    for (const entry of this.table.used()) if (this.table.get(entry, entryWord.rdd) === rdd) return true;
    return false;
  }

  /** Under the lock: dooms an rdd's partitions that someone is at; gives those that can be dropped at once. */
  private closeAll(rdd: RddId, owner: OwnerId): number[] {
    const { table, releasing } = this;
    const closed: number[] = [];
    for (const entry of table.used()) {
      if (table.get(entry, entryWord.rdd) !== rdd) continue;
      const holder = table.stateOwner(entry) as OwnerId;
      const state = table.state(entry);
      if (state === entryState.writing) table.setState(entry, entryState.writingDoomed, holder);
      else if (state === entryState.moving) table.setState(entry, entryState.movingDoomed, holder);
      else if (state === entryState.spilling) table.setState(entry, entryState.spillingDoomed, holder);
      else if (state === entryState.ready && releasing.close(entry, owner, entryState.evicting, entryState.doomed))
        closed.push(entry);
    }
    return closed;
  }

  private pinned(entry: number, pin: number, owner: OwnerId): CachedPartition {
    const { table, files } = this;
    const { words } = this.pool.area;
    const list = asPtr(table.get(entry, entryWord.list));
    const flags = table.get(entry, entryWord.flags);
    let released = false;
    return {
      blocks: list === 0 ? undefined : readBlocks(words, list),
      rows: list === 0 ? 0 : readRows(words, list),
      bytes: list === 0 ? 0 : table.get(entry, entryWord.bytes) >>> 0,
      flags,
      openFile: allocator => files!.open(entry, allocator),
      stage: blockBytes => ((flags & blockFlag.memory) === 0 ? undefined : this.stage(blockBytes, owner)),
      adopt: (staged, rows) => this.adopt(entry, staged, rows, owner),
      discard: () => this.discard(entry, owner),
      release: () => {
        if (released) return;
        released = true;
        this.unpin(pin, entry, owner);
      },
    };
  }

  private stage(blockBytes: readonly number[], owner: OwnerId): StagedRuns | undefined {
    const bytes = blockBytes.reduce((sum, each) => sum + each, 0);
    const { shares } = this.pool;
    // runs grow to twice what is in them
    if (shares.freePages() < Math.ceil((bytes + blockBytes.length * 24) / pageBytes) + sparePages) return undefined;
    this.pool.owners.entangle(owner, entangled.entries);
    return new StagedRuns(this.pool, owner, () => false);
  }

  private adopt(entry: number, staged: StagedRuns, rows: number, owner: OwnerId): boolean {
    const { table } = this;
    const list = staged.list(rows);
    if (list === undefined) return false;
    const begun = table.locked(owner, () => {
      if (table.state(entry) !== entryState.ready || table.get(entry, entryWord.list) !== 0) return false;
      table.setState(entry, entryState.moving, owner);
      return true;
    });
    if (!begun) return false;
    this.nameMemory(entry, { list, pages: staged.pages, bytes: staged.bytes, rows }, () => staged.handOver());
    table.locked(owner, () => {
      const removed = table.state(entry) === entryState.movingDoomed;
      table.endMove(entry, removed ? entryState.doomed : entryState.ready, 0 as OwnerId);
    });
    return true;
  }

  private discard(entry: number, owner: OwnerId): void {
    const { table } = this;
    this.pool.owners.entangle(owner, entangled.entries);
    table.locked(owner, () => {
      if (table.state(entry) === entryState.ready) table.setState(entry, entryState.doomed);
    });
  }

  private unpin(pin: number, entry: number, owner: OwnerId): void {
    this.pool.pins.remove(pin);
    if (this.table.state(entry) !== entryState.doomed) return;
    this.pool.owners.entangle(owner, entangled.entries);
    this.releasing.dropDoomed(entry, owner);
  }

  private isReadable(entry: number, rdd: RddId, partition: number): boolean {
    for (let spin = 0; spin < 100; spin++) {
      const state = this.table.state(entry);
      if (state === entryState.ready) return this.table.isKey(entry, rdd, partition);
      if (state === entryState.moving || state === entryState.spilling) this.table.waitForMove(entry, moveWaitMaxMs);
      else if (state !== entryState.evicting) return false;
    }
    return false;
  }

  private cleanUp(owner: OwnerId, waitMaxMs: number): void {
    const { table } = this;
    const before = table.lockWaitMaxMs;
    table.lockWaitMaxMs = waitMaxMs;
    try {
      this.releasing.ownerEnded(owner);
    } finally {
      table.lockWaitMaxMs = before;
    }
    const [rdd] = this.removals;
    if (rdd === undefined) return;
    this.removals.delete(rdd);
    this.remove(rdd);
  }
}

function flagsOf(level: StorageLevel): number {
  return (
    (level.memory ? blockFlag.memory : 0) | (level.disk ? blockFlag.disk : 0) | (isPacked(level) ? blockFlag.packed : 0)
  );
}
