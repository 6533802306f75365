/**
 * The page pool: runs of 64 KiB pages, claimed and freed without a lock by compare-and-swap on the page table, one word a
 * page: 0 free, else the owner's id.
 *
 * - A run is claimed page by page and rolled back on a conflict. A thread that dies half-way leaves pages with its owner's id,
 *   which `sweep` finds; nothing else has to be repaired.
 * - Short runs, and what stays for long, come from the bottom up, starting at a shared hint; tasks' long runs from the
 *   top down. So the middle stays whole, and pages that the system has already committed are used again first.
 * - Much that tasks write side by side to hand over comes from a place of each one's own: run by run in turn, one that hands over
 *   and one that spills would leave holes that are all too short.
 * - Freeing or handing over a page that is not the owner's is an internal error, found at that page.
 */
import { FiresteelError } from "../base/errors.ts";
import { type ControlArea, headerWord } from "./control-area.ts";
import { type OwnerId, type Owners, slotWord } from "./owners.ts";

/** Where a run is looked for first: a number is the page to begin at, going up. */
export type ClaimFrom = "bottom" | "top" | number;

/** Runs of at least this many pages are taken from the top, unless they are to stay for long. */
const longRunPages = 32;

export class PagePool {
  readonly firstPage: number;
  readonly endPage: number;
  private readonly words: Int32Array;
  private readonly table: number;

  constructor(
    area: ControlArea,
    private readonly owners: Owners,
  ) {
    this.words = area.words;
    this.table = area.tableAt;
    this.firstPage = area.controlPages;
    this.endPage = area.pages;
  }

  /** Pages that can be owned at all. */
  get pages(): number {
    return this.endPage - this.firstPage;
  }

  /** The first page of a run of `pages`, now the owner's; 0 when there is no such run. */
  claim(pages: number, owner: OwnerId, from: ClaimFrom = pages < longRunPages ? "bottom" : "top"): number {
    const page =
      from === "top"
        ? this.claimFromTop(pages, owner)
        : from === "bottom"
          ? this.claimFromBottom(pages, owner)
          : this.claimAround(from, pages, owner);
    if (page !== 0) this.count(owner, pages);
    return page;
  }

  /** The page where the `index`-th of those that write side by side begins: 0, 1/2, 1/4, 3/4, 1/8 … of the pool. */
  placeOf(index: number): number {
    let part = 0;
    for (let rest = index, half = 0.5; rest > 0; rest >>= 1, half /= 2) if (rest & 1) part += half;
    return this.firstPage + Math.floor(part * this.pages);
  }

  /** Claims this very run; false, and nothing claimed, when a page of it is taken. */
  claimExactly(page: number, pages: number, owner: OwnerId): boolean {
    if (this.claimAll(page, pages, owner) !== 0) return false;
    this.count(owner, pages);
    return true;
  }

  free(page: number, pages: number, owner: OwnerId): void {
    this.move(page, pages, owner, 0);
    this.owners.add(owner, slotWord.usedPages, -pages);
    this.announceFree();
  }

  /**
   * Hands a run over; `by` is the task that does it, on one of the two sides. `busy` names the other side while counts and
   * table disagree, so that its count can be mended should the task die just then.
   */
  transfer(page: number, pages: number, from: OwnerId, to: OwnerId, by: OwnerId = from): void {
    this.owners.set(by, slotWord.busy, by === from ? to : from);
    this.owners.add(to, slotWord.usedPages, pages);
    this.move(page, pages, from, to);
    this.owners.add(from, slotWord.usedPages, -pages);
    this.owners.set(by, slotWord.busy, 0);
  }

  /** Changes the owner of each page of a run, counting nothing. */
  move(page: number, pages: number, from: number, to: number): void {
    const { words } = this;
    if (page < this.firstPage || page + pages > this.endPage) throw this.notOurs(page, pages, from);
    const end = this.table + page + pages;
    for (let at = this.table + page; at < end; at++) {
      if (Atomics.compareExchange(words, at, from, to) !== from) throw this.notOurs(at - this.table, 1, from);
    }
    if (to === 0) this.lowerHint(page);
  }

  /** Frees every page of `owner`, whoever asks; gives how many there were. Its counts are the caller's business. */
  sweep(owner: OwnerId): number {
    const { words } = this;
    let freed = 0;
    for (let at = this.table + this.firstPage, end = this.table + this.endPage; at < end; at++) {
      if (words[at] === owner && Atomics.compareExchange(words, at, owner, 0) === owner) freed++;
    }
    if (freed === 0) return 0;
    this.lowerHint(this.firstPage);
    this.announceFree();
    return freed;
  }

  /** Frees those pages of a run that are `owner`'s, leaving others alone. For what a dead thread left half done. */
  freeWhereOwned(page: number, pages: number, owner: OwnerId): number {
    let freed = 0;
    for (let at = this.table + page, end = at + pages; at < end; at++) {
      if (Atomics.compareExchange(this.words, at, owner, 0) === owner) freed++;
    }
    this.lowerHint(page);
    return freed;
  }

  ownerOf(page: number): number {
    return Atomics.load(this.words, this.table + page);
  }

  countOwned(owner: number): number {
    let pages = 0;
    for (let at = this.table + this.firstPage, end = this.table + this.endPage; at < end; at++) {
      if (this.words[at] === owner) pages++;
    }
    return pages;
  }

  longestFreeRun(): number {
    let longest = 0;
    let run = 0;
    for (let at = this.table + this.firstPage, end = this.table + this.endPage; at < end; at++) {
      run = this.words[at] === 0 ? run + 1 : 0;
      if (run > longest) longest = run;
    }
    return longest;
  }

  /**
   * Wakes tasks that wait for memory. A waiter registers before it compares the sequence, and the sequence moves before we
   * look for waiters, so no wake-up is lost.
   */
  announceFree(): void {
    Atomics.add(this.words, headerWord.freedSequence, 1);
    if (Atomics.load(this.words, headerWord.waiters) !== 0) Atomics.notify(this.words, headerWord.freedSequence);
  }

  private count(owner: OwnerId, pages: number): void {
    const used = this.owners.add(owner, slotWord.usedPages, pages);
    if (used > this.owners.get(owner, slotWord.peakPages)) this.owners.set(owner, slotWord.peakPages, used);
  }

  private claimFromBottom(pages: number, owner: OwnerId): number {
    const hint = Atomics.load(this.words, headerWord.lowestFree);
    const from = hint & 0xffff;
    const page = this.claimAround(from, pages, owner);
    if (page < from) return page;
    if (pages === 1 || page === from) {
      const next = Math.min(page + pages, this.endPage - 1);
      Atomics.compareExchange(this.words, headerWord.lowestFree, hint, (hint & ~0xffff) | next);
    }
    return page;
  }

  private claimAround(start: number, pages: number, owner: OwnerId): number {
    const page = this.scanUp(start, this.endPage, pages, owner);
    return page || this.scanUp(this.firstPage, Math.min(this.endPage, start + pages - 1), pages, owner);
  }

  private lowerHint(page: number): void {
    const { words } = this;
    for (let seen = Atomics.load(words, headerWord.lowestFree); ;) {
      const next = ((seen & ~0xffff) + 0x10000) | Math.min(seen & 0xffff, page);
      const now = Atomics.compareExchange(words, headerWord.lowestFree, seen, next);
      if (now === seen) return;
      seen = now;
    }
  }

  /** First fit in [from, end). A window is looked at from its far end, so that a taken page skips all before it. */
  private scanUp(from: number, end: number, pages: number, owner: OwnerId): number {
    const { words, table } = this;
    let start = from;
    while (start + pages <= end) {
      let last = start + pages - 1;
      while (last >= start && words[table + last] === 0) last--;
      if (last >= start) {
        start = last + 1;
        continue;
      }
      const taken = this.claimAll(start, pages, owner);
      if (taken === 0) return start;
      start = taken + 1;
    }
    return 0;
  }

  private claimFromTop(pages: number, owner: OwnerId): number {
    const { words, table, firstPage } = this;
    let end = this.endPage;
    while (end - pages >= firstPage) {
      const start = end - pages;
      let page = start;
      while (page < end && words[table + page] === 0) page++;
      if (page < end) {
        end = page;
        continue;
      }
      const taken = this.claimAll(start, pages, owner);
      if (taken === 0) return start;
      end = taken;
    }
    return 0;
  }

  /** 0 when all pages are now the owner's; else the page that another thread took first, and nothing is claimed. */
  private claimAll(start: number, pages: number, owner: OwnerId): number {
    const { words, table } = this;
    for (let page = start; page < start + pages; page++) {
      if (Atomics.compareExchange(words, table + page, 0, owner) === 0) continue;
      for (let back = start; back < page; back++) Atomics.store(words, table + back, 0);
      return page;
    }
    return 0;
  }

  private notOurs(page: number, pages: number, owner: number): FiresteelError {
    const holder = page >= this.firstPage && page < this.endPage ? this.owners.describe(this.ownerOf(page)) : "no pool";
    const what = pages === 1 ? `page ${page}` : `pages ${page} to ${page + pages - 1}`;
    return new FiresteelError(
      "internal",
      `${what} cannot be freed for ${this.owners.describe(owner)}: held by ${holder}`,
    );
  }
}
