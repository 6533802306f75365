/**
 * Makes one long run out of scattered free pages by moving cached blocks, which nobody reads just now, elsewhere. Called when
 * enough pages are free but not side by side.
 *
 * An entry on the move is closed to readers (they wait a little) and keeps naming only pages that are storage's or the mover's,
 * so that the mover may die at any point: its pages are then dropped, and found by their owners; its file stays.
 */
import type { MemoryPool } from "../kernel/memory-pool.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { entangled, type OwnerId, storageOwner } from "../kernel/owners.ts";
import { asPtr } from "../kernel/ptr.ts";
import { type PageRun, readRuns, relocate } from "./block-list.ts";
import { type BlockTable, entryState, entryWord } from "./block-table.ts";

export interface Drops {
  /** Frees an entry in state evicting. */
  drop(entry: number, owner: OwnerId): number;
  /** Takes an entry in state spilling out of memory. */
  putOut(entry: number, owner: OwnerId): number;
  /** Which of the two. */
  closingState(entry: number): typeof entryState.spilling | typeof entryState.evicting;
}

interface Window {
  readonly page: number;
  readonly entries: readonly number[];
}

export interface Compaction {
  readonly pool: MemoryPool;
  readonly table: BlockTable;
  readonly drops: Drops;
  readonly owner: OwnerId;
  /** What has nowhere to go may leave memory, however lately it was read. */
  readonly mayEvict: boolean;
}

/** The first page of a run that is now the owner's, or 0 when the pages in every possible place cannot be moved. */
export function compact(work: Compaction, pages: number): number {
  const { pool, table, owner } = work;
  pool.owners.entangle(owner, entangled.entries);
  const window = cheapestWindow(pool, table, pages);
  if (window === undefined) return 0;
  const end = window.page + pages;
  // The free pages first, so that nobody settles there meanwhile.
  for (let page = window.page; page < end; page++) pool.pages.claimExactly(page, 1, owner);
  for (const entry of window.entries) {
    const closed = table.locked(owner, () => beginMove(pool, table, entry, owner));
    if (!closed || !moveOut(work, entry, window.page, end)) break;
  }
  return settle(pool, window.page, end, owner);
}

/** The run with the fewest cached pages in it and nothing that cannot be moved. */
function cheapestWindow(pool: MemoryPool, table: BlockTable, pages: number): Window | undefined {
  const { firstPage, endPage } = pool.pages;
  const entryOf = new Int32Array(endPage).fill(-1);
  for (const entry of table.used()) {
    if (table.state(entry) !== entryState.ready || pool.pins.isPinned(entry)) continue;
    const list = asPtr(table.get(entry, entryWord.list));
    if (list === 0) continue;
    for (const run of readRuns(pool.area.words, list)) entryOf.fill(entry, run.page, run.page + run.pages);
  }
  let best = -1;
  let fewest = Number.POSITIVE_INFINITY;
  let start = firstPage;
  let cached = 0;
  for (let page = firstPage; page < endPage; page++) {
    const holder = pool.pages.ownerOf(page);
    if (holder !== 0 && (holder !== storageOwner || entryOf[page]! < 0)) {
      start = page + 1;
      cached = 0;
      continue;
    }
    if (holder === storageOwner) cached++;
    if (page - start + 1 > pages && pool.pages.ownerOf(start++) === storageOwner) cached--;
    if (page - start + 1 === pages && cached < fewest) {
      best = start;
      fewest = cached;
    }
  }
  if (best < 0) return undefined;
  const entries = new Set(entryOf.subarray(best, best + pages));
  entries.delete(-1);
  return { page: best, entries: [...entries] };
}

function beginMove(pool: MemoryPool, table: BlockTable, entry: number, owner: OwnerId): boolean {
  if (table.state(entry) !== entryState.ready || table.get(entry, entryWord.list) === 0) return false;
  table.setState(entry, entryState.moving, owner);
  if (!pool.pins.isPinned(entry)) return true;
  table.endMove(entry, entryState.ready, 0 as OwnerId);
  return false;
}

/** Moves the entry's runs that reach into the window, or evicts it; false when there is no place for them and it may not leave. */
function moveOut(work: Compaction, entry: number, from: number, end: number): boolean {
  const { pool, table, owner, mayEvict } = work;
  const { words } = pool.area;
  const list = () => asPtr(table.get(entry, entryWord.list));
  for (const run of readRuns(words, list())) {
    if (run.page + run.pages <= from || run.page >= end) continue;
    const to = pool.pages.claim(run.pages, owner, "bottom");
    if (to === 0 && mayEvict) {
      keepWindow(pool, readRuns(words, list()), from, end, owner, () => evictMoving(work, entry));
      return true;
    }
    if (to === 0) {
      endMove(work, entry);
      return false;
    }
    words.copyWithin((to * pageBytes) / 4, (run.page * pageBytes) / 4, ((run.page + run.pages) * pageBytes) / 4);
    pool.pages.transfer(run.page, run.pages, storageOwner, owner, owner);
    table.set(entry, entryWord.list, relocate(words, list(), run, to) | 0);
    pool.pages.transfer(to, run.pages, owner, storageOwner);
    freeOutside(pool, run, from, end, owner);
  }
  endMove(work, entry);
  return true;
}

/** Opens the entry to readers again; drops it when it was removed meanwhile. */
function endMove({ table, drops, owner }: Compaction, entry: number): void {
  const removed = table.locked(owner, () => {
    const doomed = table.state(entry) === entryState.movingDoomed;
    table.endMove(entry, doomed ? entryState.evicting : entryState.ready, doomed ? owner : (0 as OwnerId));
    return doomed;
  });
  if (removed) drops.drop(entry, owner);
}

function evictMoving({ table, drops, owner }: Compaction, entry: number): void {
  const state = table.locked(owner, () => {
    const next = table.state(entry) === entryState.movingDoomed ? entryState.evicting : drops.closingState(entry);
    table.endMove(entry, next, owner);
    return next;
  });
  if (state === entryState.spilling) drops.putOut(entry, owner);
  else drops.drop(entry, owner);
}

/** Evicts with `evict` and takes the pages that came free in the window at once. */
function keepWindow(
  pool: MemoryPool,
  runs: readonly PageRun[],
  from: number,
  end: number,
  owner: OwnerId,
  evict: () => void,
): void {
  evict();
  for (const run of runs) {
    for (let page = Math.max(from, run.page); page < Math.min(end, run.page + run.pages); page++) {
      pool.pages.claimExactly(page, 1, owner);
    }
  }
}

function freeOutside(pool: MemoryPool, run: PageRun, from: number, end: number, owner: OwnerId): void {
  const before = Math.max(0, from - run.page);
  const after = Math.max(0, run.page + run.pages - end);
  if (before > 0) pool.pages.free(run.page, before, owner);
  if (after > 0) pool.pages.free(run.page + run.pages - after, after, owner);
}

/** The window when all of it is the owner's; else frees what is, and 0. */
function settle(pool: MemoryPool, page: number, end: number, owner: OwnerId): number {
  let whole = true;
  for (let at = page; at < end; at++) whole &&= pool.pages.ownerOf(at) === owner;
  if (whole) return page;
  for (let at = page; at < end; at++) if (pool.pages.ownerOf(at) === owner) pool.pages.free(at, 1, owner);
  return 0;
}
