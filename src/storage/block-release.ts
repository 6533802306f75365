/**
 * How cached partitions leave memory: to their file, for good, or because who worked on them died. The caller has closed the entry
 * (block-table.ts says how states are read); each order of steps here leaves it true at every instruction.
 */
import type { MemoryPool } from "../kernel/memory-pool.ts";
import { type OwnerId, slotWord, storageOwner } from "../kernel/owners.ts";
import { asPtr } from "../kernel/ptr.ts";
import type { BlockFiles } from "./block-files.ts";
import { type PageRun, readBlocks, readRows, readRuns } from "./block-list.ts";
import { blockFlag, type BlockTable, type EntryState, entryState, entryWord } from "./block-table.ts";

/** States that name an owner who is at work on the entry. */
const unfinished: ReadonlySet<EntryState> = new Set([
  entryState.writing,
  entryState.writingDoomed,
  entryState.evicting,
  entryState.moving,
  entryState.movingDoomed,
  entryState.spilling,
  entryState.spillingDoomed,
]);
const noOwner = 0 as OwnerId;

export class BlockRelease {
  constructor(
    private readonly pool: MemoryPool,
    private readonly table: BlockTable,
    private readonly files: BlockFiles | undefined,
  ) {}

  /** The state in which an entry leaves memory. */
  closingState(entry: number): typeof entryState.spilling | typeof entryState.evicting {
    const goesToDisk = this.files !== undefined && (this.table.get(entry, entryWord.flags) & blockFlag.disk) !== 0;
    return goesToDisk ? entryState.spilling : entryState.evicting;
  }

  /** Takes an entry in state spilling out of memory, its file written first; drops it when no disk takes it. Gives the pages freed. */
  putOut(entry: number, owner: OwnerId): number {
    const { table, files } = this;
    const { words } = this.pool.area;
    const list = asPtr(table.get(entry, entryWord.list));
    if (table.get(entry, entryWord.fileDir) === 0) {
      const compresses = (table.get(entry, entryWord.flags) & blockFlag.packed) === 0;
      try {
        files!.write(entry, readBlocks(words, list), readRows(words, list), owner, compresses);
      } catch {
        // it is computed again when somebody wants it
        table.locked(owner, () => table.endMove(entry, entryState.evicting, owner));
        return this.drop(entry, owner);
      }
    }
    const runs = this.claimMemory(entry, owner);
    table.set(entry, entryWord.list, 0);
    table.set(entry, entryWord.pages, 0);
    const isDoomed = table.locked(owner, () => {
      const doomed = table.state(entry) === entryState.spillingDoomed;
      table.endMove(entry, doomed ? entryState.evicting : entryState.ready, doomed ? owner : noOwner);
      return doomed;
    });
    const freed = this.freeRuns(runs, owner);
    if (isDoomed) this.drop(entry, owner);
    return freed;
  }

  /**
   * Frees an entry that `owner` has closed; gives the pages freed. All its pages become the owner's before the first of them is free
   * for others: should this thread die, what the list names is either still storage's or the dead owner's, never somebody else's.
   */
  drop(entry: number, owner: OwnerId): number {
    const { table, files } = this;
    const runs = this.claimMemory(entry, owner);
    files?.remove(files.fileOf(entry));
    table.locked(owner, () => table.delete(entry));
    return this.freeRuns(runs, owner);
  }

  /** Drops a doomed entry that nobody reads. */
  dropDoomed(entry: number, owner: OwnerId): void {
    const { table } = this;
    const last = table.locked(owner, () => {
      return (
        table.state(entry) === entryState.doomed && this.close(entry, owner, entryState.evicting, entryState.doomed)
      );
    });
    if (last) this.drop(entry, owner);
  }

  /** Under the lock: closes an entry to readers; when it turns out to be pinned it goes to `otherwise`, and false. */
  close(
    entry: number,
    owner: OwnerId,
    state: typeof entryState.spilling | typeof entryState.evicting,
    otherwise: typeof entryState.ready | typeof entryState.doomed,
  ): boolean {
    this.table.setState(entry, state, owner);
    if (!this.pool.pins.isPinned(entry)) return true;
    this.table.endMove(entry, otherwise, noOwner);
    return false;
  }

  /** After an owner's end, whose pins and locks are gone: its unfinished entries, and what only it kept from being dropped. */
  ownerEnded(owner: OwnerId): void {
    const { table } = this;
    for (const entry of table.used()) {
      const state = table.state(entry);
      if (unfinished.has(state) && table.stateOwner(entry) === owner) table.locked(owner, () => this.giveUp(entry));
      else if (state === entryState.doomed) this.dropDoomed(entry, owner);
    }
  }

  /** Under the lock: an unfinished entry keeps what is whole of it and is wanted, or is forgotten. */
  private giveUp(entry: number): void {
    const { table, files } = this;
    const state = table.state(entry);
    const hasFile = table.get(entry, entryWord.fileDir) > 0;
    const file = files?.fileOf(entry);
    const isWanted = state === entryState.spilling || state === entryState.moving;
    // its owner had not begun, or not found it pinned yet; of an entry on the move whole pages say nothing
    const isWhole = state !== entryState.moving && state !== entryState.movingDoomed && this.isInMemory(entry);
    const isPinned = this.pool.pins.isPinned(entry);
    if (!isWhole || (!isWanted && !isPinned)) this.freeMemoryOf(entry);
    if (!isWanted || !hasFile) {
      files?.remove(file);
      table.set(entry, entryWord.fileDir, 0);
    }
    if (isWanted && (isWhole || hasFile)) table.endMove(entry, entryState.ready, noOwner);
    else if (isPinned) table.endMove(entry, entryState.doomed, noOwner);
    else table.delete(entry);
  }

  /** Whether all its pages are storage's. */
  private isInMemory(entry: number): boolean {
    const { table, pool } = this;
    const list = asPtr(table.get(entry, entryWord.list));
    if (list === 0) return false;
    for (const { page, pages } of readRuns(pool.area.words, list)) {
      for (let at = page; at < page + pages; at++) if (pool.pages.ownerOf(at) !== storageOwner) return false;
    }
    return true;
  }

  /** What storage has of an entry whose owner died; the owner's own pages are found by its id. */
  private freeMemoryOf(entry: number): void {
    const { table, pool } = this;
    const list = asPtr(table.get(entry, entryWord.list));
    const runs = list === 0 ? [] : readRuns(pool.area.words, list);
    let freed = 0;
    for (const run of runs) freed += pool.pages.freeWhereOwned(run.page, run.pages, storageOwner);
    pool.owners.add(storageOwner, slotWord.usedPages, -freed);
    table.set(entry, entryWord.list, 0);
    table.set(entry, entryWord.pages, 0);
  }

  private claimMemory(entry: number, owner: OwnerId): PageRun[] {
    const list = asPtr(this.table.get(entry, entryWord.list));
    const runs = list === 0 ? [] : readRuns(this.pool.area.words, list);
    for (const run of runs) this.pool.pages.transfer(run.page, run.pages, storageOwner, owner, owner);
    return runs;
  }

  private freeRuns(runs: readonly PageRun[], owner: OwnerId): number {
    let freed = 0;
    for (const run of runs) {
      this.pool.pages.free(run.page, run.pages, owner);
      freed += run.pages;
    }
    return freed;
  }
}
