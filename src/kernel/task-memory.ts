/**
 * The memory of one task attempt: an `Allocator` over pages that name it as their owner. Small allocations come from slabs,
 * large ones are page runs, and each is charged to an operator's account. `releaseAll` ends it.
 *
 * When the task's share or the pool is spent it evicts cached blocks, asks the task's other operators to spill, waits for
 * its fair share until a deadline, and only then refuses, saying who wanted how much and who holds the rest.
 * Used by one thread. What it holds when that thread dies is taken back by `reclaimTask`.
 */
import { invariant } from "../base/assert.ts";
import { type Allocator, MemoryRefused } from "./allocator.ts";
import { attachControlArea, headerWord, pageBytes, type PoolOptions } from "./control-area.ts";
import { refusal } from "./memory-refusal.ts";
import { entangled, type OwnerId, slotWord } from "./owners.ts";
import { asPtr, type Ptr } from "./ptr.ts";
import { prepareRelease, releasePages } from "../platform/system-pages.ts";
import { MemoryPool } from "./memory-pool.ts";
import type { ClaimFrom } from "./page-pool.ts";
import { OperatorMemory, type Spillable } from "./operator-memory.ts";
import { Slabs, smallBytes, smallBytesMax } from "./slabs.ts";

export { OperatorMemory, type Spillable } from "./operator-memory.ts";

export interface TaskOptions {
  /** Called while waiting for memory; throws when the task has been cancelled. */
  readonly checkCancelled?: () => void;
  /** False for an owner that is no task (a driver's results): it has no share, and does not count for others'. */
  readonly fair?: boolean;
}

/** Freed runs of at least so many pages go back to the system until somebody needs them: tables leave such runs when they grow. */
const releasedPagesMin = 16;
const spillRoundsMax = 1000;
const waitSliceMs = 50;
/** When every other task waits too, only the driver can free something: do not wait long for that. */
const lonelyWaitMs = 100;

export class TaskMemory implements Allocator {
  private slabs: Slabs | undefined;
  /** First page → pages. */
  private readonly runs = new Map<number, number>();
  private readonly accounts: OperatorMemory[] = [];
  private readonly spillables: { readonly spillable: Spillable; readonly account: OperatorMemory | undefined }[] = [];
  /** In the middle of spilling, or of asking for memory: not to be disturbed. */
  private readonly busy = new Set<Spillable | OperatorMemory>();
  private readonly own: OperatorMemory;
  private closed = false;
  private hasWork = false;
  /** The account that held most when pages were last taken. */
  private largest: OperatorMemory | undefined;
  private sharing = false;
  private finalPeakBytes = 0;

  constructor(
    readonly pool: MemoryPool,
    readonly owner: OwnerId,
    private readonly options: TaskOptions = {},
  ) {
    this.own = new OperatorMemory("the task itself", this);
    void prepareRelease();
  }

  /** An account for one operator. Its name appears in errors: "reduceByKey". */
  withOperator(name: string): OperatorMemory {
    const account = new OperatorMemory(name, this);
    this.accounts.push(account);
    return account;
  }

  withWork(account: OperatorMemory): OperatorMemory {
    const work = new OperatorMemory(account.name, this, account);
    this.accounts.push(work);
    this.hasWork = true;
    return work;
  }

  alloc(bytes: number): Ptr {
    return this.allocFor(this.own, bytes);
  }

  free(ptr: Ptr, bytes: number): void {
    this.freeFor(this.own, ptr, bytes);
  }

  /** Whole pages held, slabs' unused cells included; what is staged for the cache is storage's. */
  get usedBytes(): number {
    return this.closed ? 0 : this.usedPages() * pageBytes;
  }

  get peakBytes(): number {
    return this.closed ? this.finalPeakBytes : this.pool.owners.get(this.owner, slotWord.peakPages) * pageBytes;
  }

  allocFor(account: OperatorMemory, bytes: number): Ptr {
    if (bytes > smallBytesMax) return this.allocRunFor(account, bytes, false);
    this.slabs ??= new Slabs(this.pool.area.words);
    let cell = this.slabs.take(bytes);
    if (cell === 0) {
      this.slabs.addPage(this.acquirePages(1, account), bytes);
      cell = this.slabs.take(bytes);
    }
    charge(account, smallBytes(bytes));
    return asPtr(cell);
  }

  tryAllocFor(account: OperatorMemory, bytes: number): Ptr | undefined {
    if (bytes > smallBytesMax) {
      const pages = pagesOf(bytes);
      const page = this.pagesAtOnce(pages, account);
      return page === 0 ? undefined : this.addRun(account, page, pages);
    }
    this.slabs ??= new Slabs(this.pool.area.words);
    let cell = this.slabs.take(bytes);
    if (cell === 0) {
      const page = this.pagesAtOnce(1, account);
      if (page === 0) return undefined;
      this.slabs.addPage(page, bytes);
      cell = this.slabs.take(bytes);
    }
    charge(account, smallBytes(bytes));
    return asPtr(cell);
  }

  allocRunFor(account: OperatorMemory, bytes: number, isApart: boolean): Ptr {
    const pages = pagesOf(bytes);
    const place = isApart ? this.pool.pages.placeOf(this.pool.owners.indexOf("task", this.owner)) : undefined;
    return this.addRun(account, this.acquirePages(pages, account, place), pages);
  }

  freeFor(account: OperatorMemory, ptr: Ptr, bytes: number): void {
    invariant(!this.closed, "memory is freed after its task ended");
    if (bytes > smallBytesMax || (ptr % pageBytes === 0 && this.runs.has(ptr / pageBytes))) {
      const { page, pages } = this.takeRun(account, ptr, bytes);
      if (pages >= releasedPagesMin) releasePages(this.pool.area.words.buffer, page * pageBytes, pages * pageBytes);
      this.pool.pages.free(page, pages, this.owner);
      return;
    }
    invariant(this.slabs !== undefined, `${bytes} bytes at ${ptr} are not an allocation of this task`);
    const emptied = this.slabs.give(ptr, bytes);
    charge(account, -smallBytes(bytes));
    if (emptied !== 0) this.pool.pages.free(emptied, 1, this.owner);
  }

  /** Frees the tail of a run, which stays allocated with `keptBytes`. Gives those bytes in whole pages. */
  shrinkRunFor(account: OperatorMemory, ptr: Ptr, bytes: number, keptBytes: number): number {
    const { page, pages } = this.takeRun(account, ptr, bytes);
    const kept = pagesOf(keptBytes);
    if (kept < pages) this.pool.pages.free(page + kept, pages - kept, this.owner);
    this.runs.set(page, kept);
    charge(account, kept * pageBytes);
    return kept * pageBytes;
  }

  handOverFor(account: OperatorMemory, ptr: Ptr, bytes: number, to: OwnerId): void {
    const { page, pages } = this.takeRun(account, ptr, bytes);
    this.pool.pages.transfer(page, pages, this.owner, to);
  }

  /** An allocation of `from` is `to`'s from now on. */
  moveCharge(from: OperatorMemory, to: OperatorMemory, ptr: Ptr, bytes: number): void {
    const isRun = bytes > smallBytesMax || (ptr % pageBytes === 0 && this.runs.has(ptr / pageBytes));
    const charged = isRun ? pagesOf(bytes) * pageBytes : smallBytes(bytes);
    charge(from, -charged);
    charge(to, charged);
  }

  /** `account`'s own requests never make this one spill: an operator that is refused spills by itself. */
  registerSpillable(spillable: Spillable, account?: OperatorMemory): () => void {
    const entry = { spillable, account };
    this.spillables.push(entry);
    return () => {
      const at = this.spillables.indexOf(entry);
      if (at >= 0) this.spillables.splice(at, 1);
    };
  }

  /** Throws when the task has been cancelled; for who waits for anything but memory. */
  checkCancelled(): void {
    this.options.checkCancelled?.();
  }

  /** Frees everything the task holds: pages, pins, locks, unfinished cache entries. Safe to call twice. */
  releaseAll(): void {
    if (this.closed) return;
    const { owners, pages } = this.pool;
    this.finalPeakBytes = this.peakBytes;
    this.closed = true;
    if (!owners.beginClose(this.owner)) return;
    if (owners.get(this.owner, slotWord.entangled) !== entangled.no) this.pool.disentangle(this.owner);
    for (const page of this.slabs?.allPages() ?? []) pages.free(page, 1, this.owner);
    for (const [page, count] of this.runs) pages.free(page, count, this.owner);
    this.slabs = undefined;
    this.runs.clear();
    if (owners.get(this.owner, slotWord.usedPages) !== 0) pages.sweep(this.owner);
    owners.endClose(this.owner);
    if (this.sharing) pages.announceFree();
  }

  private takeRun(account: OperatorMemory, ptr: Ptr, bytes: number): { readonly page: number; readonly pages: number } {
    const page = ptr / pageBytes;
    const pages = pagesOf(bytes);
    invariant(this.runs.get(page) === pages, `${bytes} bytes at ${ptr} are not an allocation of this task`);
    this.runs.delete(page);
    charge(account, -pages * pageBytes);
    return { page, pages };
  }

  private addRun(account: OperatorMemory, page: number, pages: number): Ptr {
    this.runs.set(page, pages);
    charge(account, pages * pageBytes);
    if (account !== this.largest && account.usedBytes > (this.largest?.usedBytes ?? 0)) this.nameLargest(account);
    return asPtr(page * pageBytes);
  }

  /** For others' messages. */
  private nameLargest(account: OperatorMemory): void {
    const isNew = account.name !== this.largest?.name;
    this.largest = account;
    if (isNew && account !== this.own) this.pool.owners.setName(this.owner, account.name);
  }

  private usedPages(): number {
    const { owners } = this.pool;
    return owners.get(this.owner, slotWord.usedPages) - owners.get(this.owner, slotWord.stagedPages);
  }

  /** The first page of a run that is now this task's. Evicts, spills, waits; then throws `MemoryRefused`. */
  private acquirePages(pages: number, account: OperatorMemory, from?: ClaimFrom): number {
    let deadline = 0;
    for (let round = 0; round < spillRoundsMax; round++) {
      const sequence = Atomics.load(this.pool.area.words, headerWord.freedSequence);
      const page = this.pagesAtOnce(pages, account, from);
      if (page !== 0) return page;
      if (this.trimSlabs() > 0 || this.spillOthers(account.worksFor ?? account) > 0) continue;
      const shares = this.pool.shares.now();
      if (this.usedPages() >= shares.taskMinPages || pages > shares.tasksPages) break;
      const now = performance.now();
      if (deadline === 0) deadline = now + this.pool.waitMaxMs;
      if (!this.pool.shares.othersRun(this.owner)) deadline = Math.min(deadline, now + lonelyWaitMs);
      if (now >= deadline) break;
      this.waitForFree(sequence, pages, Math.min(waitSliceMs, deadline - now));
    }
    throw this.refused(pages, account);
  }

  /** 0 when the share is spent or the pages cannot be had without others' doing. */
  private pagesAtOnce(pages: number, account: OperatorMemory, from?: ClaimFrom): number {
    invariant(!this.closed, "memory is asked for after its task ended");
    if (!this.sharing && this.options.fair !== false) this.pool.owners.set(this.owner, slotWord.sharing, 1);
    this.sharing = true;
    if (this.options.fair !== false && !this.isWithinShare(pages, account)) return 0;
    return this.claimOrEvict(pages, from);
  }

  private isWithinShare(pages: number, account: OperatorMemory): boolean {
    const { taskMaxPages, taskWorkPages, activeTasks } = this.pool.shares.now();
    if (!this.hasWork) return this.usedPages() + pages <= taskMaxPages;
    const workPages = this.workPages();
    if (account.worksFor !== undefined && workPages + pages <= taskWorkPages) return true;
    if (this.usedPages() + pages > taskMaxPages - Math.max(0, taskWorkPages - workPages)) return false;
    // others' work must go on too
    return activeTasks === 1 || this.pool.shares.availablePages() - pages >= taskWorkPages;
  }

  private workPages(): number {
    let bytes = 0;
    for (const each of this.accounts) if (each.worksFor !== undefined) bytes += each.usedBytes;
    return Math.ceil(bytes / pageBytes);
  }

  private claimOrEvict(pages: number, from: ClaimFrom | undefined): number {
    const { pool, owner } = this;
    return pool.claimRun(pages, owner, from, () => {
      const evictable = pool.shares.storagePages() - pool.shares.storageFloorPages();
      return evictable > 0 && pool.evict(Math.min(pages, evictable), owner) > 0;
    });
  }

  private trimSlabs(): number {
    const pages = this.slabs?.trim() ?? [];
    for (const page of pages) this.pool.pages.free(page, 1, this.owner);
    return pages.length;
  }

  /** Asks the biggest of the other operators to spill. Gives the bytes freed, 0 when nobody has anything to spill. */
  private spillOthers(account: OperatorMemory): number {
    const { busy } = this;
    const outermost = !busy.has(account);
    busy.add(account);
    try {
      const candidates = this.spillables
        .filter(
          ({ spillable, account: its }) =>
            !busy.has(spillable) && !(its !== undefined && busy.has(its)) && spillable.usedBytes > 0,
        )
        .sort((a, b) => b.spillable.usedBytes - a.spillable.usedBytes);
      for (const { spillable } of candidates) {
        busy.add(spillable);
        try {
          const freedBytes = spillable.spill();
          if (freedBytes > 0) return freedBytes;
        } finally {
          busy.delete(spillable);
        }
      }
      return 0;
    } finally {
      if (outermost) busy.delete(account);
    }
  }

  private waitForFree(sequence: number, pages: number, milliseconds: number): void {
    const { words } = this.pool.area;
    this.pool.owners.set(this.owner, slotWord.waitingPages, pages);
    Atomics.add(words, headerWord.waiters, 1);
    Atomics.wait(words, headerWord.freedSequence, sequence, milliseconds);
    Atomics.sub(words, headerWord.waiters, 1);
    this.pool.owners.set(this.owner, slotWord.waitingPages, 0);
    this.options.checkCancelled?.();
  }

  private refused(pages: number, account: OperatorMemory): MemoryRefused {
    const accounts = [this.own, ...this.accounts].filter(each => each.usedBytes > 0);
    const { pool } = this;
    return refusal({
      operator: account === this.own ? undefined : account.name,
      wantedBytes: pages * pageBytes,
      heldPages: this.usedPages(),
      accounts,
      shares: pool.shares.now(),
      use: pool.shares.use(),
      longestFreeRun: pool.pages.longestFreeRun(),
      holders: pool.holdersBeside(this.owner),
    });
  }
}

/** A thread's handle on the process's engine memory. */
export class SharedPool extends MemoryPool {
  /** The memory of one task attempt, for use by the calling thread alone. */
  openTask(taskAttemptId: number, options: TaskOptions = {}): TaskMemory {
    return new TaskMemory(this, this.openOwner("task", taskAttemptId), options);
  }
}

/** The pool of a kernel memory. The first thread to attach lays the control area out, with its options. */
export function attachMemory(memory: WebAssembly.Memory, options: PoolOptions = {}): SharedPool {
  return new SharedPool(attachControlArea(memory, options));
}

function charge(account: OperatorMemory, bytes: number): void {
  account.usedBytes += bytes;
  if (account.usedBytes > account.peakBytes) account.peakBytes = account.usedBytes;
}

function pagesOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / pageBytes));
}
