/**
 * A thread's handle on the process's engine memory: page pool, owners, shares, locks and pins of one control area, and what
 * takes a dead owner's things back. Cheap to make; every thread attaches its own to the same memory (`attachMemory`).
 *
 * `reclaim` may be called by any thread once the owner's thread is known to be gone (its exit event). It first closes the
 * owner, runs the hooks of the stores (half-written and half-evicted cache entries), frees locks and pins, then sweeps the
 * page table. When that needs a lock which another dead owner holds, it is done together with that one.
 */
import { type ControlArea, headerWord } from "./control-area.ts";
import { FiresteelError } from "../base/errors.ts";
import { MemoryShares } from "./memory-shares.ts";
import { LockBusy, lockWaitMaxMs, OwnerLocks } from "./owner-lock.ts";
import { entangled, type OwnerId, type OwnerKind, Owners, slotWord } from "./owners.ts";
import { type ClaimFrom, PagePool } from "./page-pool.ts";
import { Pins } from "./pins.ts";

export interface Reclaimed {
  readonly pages: number;
  readonly pins: number;
  readonly locks: number;
}

/** What the block store does for tasks that need memory, on behalf of `owner`. */
export interface MakesRoom {
  /** Evicts cached blocks to free `pages`; gives how many came free. */
  evict(pages: number, owner: OwnerId): number;
  /**
   * Moves cached blocks out of the way of a run of `pages`, or evicts them where they have nowhere to go and that is allowed. Gives
   * the run's first page, now the owner's, or 0.
   */
  compact(pages: number, owner: OwnerId, mayEvict: boolean): number;
  /** What is cached, for messages. */
  holders?(): readonly Holder[];
}

/** Something that holds memory, and how much. */
export interface Holder {
  readonly name: string;
  readonly pages: number;
}

const nothing: Reclaimed = { pages: 0, pins: 0, locks: 0 };
/** Whoever takes the dead back must not wait long for a lock: it may be held by a dead one that it has not come to yet. */
const reclaimWaitMaxMs = 200;

export class MemoryPool {
  readonly owners: Owners;
  readonly pages: PagePool;
  readonly shares: MemoryShares;
  readonly locks: OwnerLocks;
  readonly pins: Pins;
  private readonly closing: ((owner: OwnerId, waitMaxMs: number) => void)[] = [];
  /** Owners whose end needs a lock that another dead owner holds. */
  private readonly postponed = new Set<OwnerId>();
  private roomMaker: MakesRoom | undefined;

  constructor(readonly area: ControlArea) {
    this.owners = new Owners(area);
    this.pages = new PagePool(area, this.owners);
    this.shares = new MemoryShares(area, this.owners);
    this.locks = new OwnerLocks(area);
    this.pins = new Pins(area);
  }

  openOwner(kind: OwnerKind, id: number): OwnerId {
    const owner = this.owners.open(kind, id);
    if (owner !== undefined) return owner;
    throw new FiresteelError("resource", `too many ${kind}s hold engine memory at once`);
  }

  /** Takes back all that a task attempt held whose thread is dead. Does nothing for one that has ended. */
  reclaimTask(taskAttemptId: number): Reclaimed {
    const owner = this.owners.find("task", taskAttemptId);
    if (owner !== undefined) return this.reclaim(owner);
    // It may have died while it ended, and then it is found half closed.
    const closing = this.owners.findClosing("task", taskAttemptId);
    return closing === undefined ? nothing : this.takeBack(closing);
  }

  /** Closes an owner that no thread works for any more, and frees all that it held. */
  reclaim(owner: OwnerId): Reclaimed {
    return this.owners.beginClose(owner) ? this.takeBack(owner) : nothing;
  }

  private takeBack(owner: OwnerId): Reclaimed {
    let freed: { readonly pins: number; readonly locks: number };
    try {
      freed = this.disentangle(owner, reclaimWaitMaxMs);
    } catch (thrown) {
      if (!(thrown instanceof LockBusy)) throw thrown;
      this.postponed.add(owner);
      return nothing;
    }
    this.postponed.delete(owner);
    const pages = this.pages.sweep(owner);
    const interrupted = this.owners.get(owner, slotWord.busy);
    this.owners.endClose(owner);
    if (interrupted !== 0) this.recount(interrupted as OwnerId);
    this.pages.announceFree();
    const [other] = this.postponed;
    if (other !== undefined) this.takeBack(other);
    return { pages, ...freed };
  }

  /** Undoes an owner's pins, locks and unfinished cache entries. Throws `LockBusy`, and may then be called again. */
  disentangle(owner: OwnerId, waitMaxMs = lockWaitMaxMs): { readonly pins: number; readonly locks: number } {
    const level = this.owners.get(owner, slotWord.entangled);
    const locks = this.locks.reclaim(owner);
    const pins = level === entangled.no ? 0 : this.pins.clear(owner);
    // Without its pins it would not be looked at again.
    if (pins > 0) this.owners.entangle(owner, entangled.entries);
    if (level === entangled.entries || pins > 0) for (const hook of this.closing) hook(owner, waitMaxMs);
    return { pins, locks };
  }

  /** Called with every owner that ends with pins or cache entries, after its pins and locks are gone and before its pages are. */
  onClose(hook: (owner: OwnerId, waitMaxMs: number) => void): void {
    this.closing.push(hook);
  }

  /** How this thread makes room when a task needs the memory of cached blocks. */
  setRoomMaker(roomMaker: MakesRoom): void {
    this.roomMaker = roomMaker;
  }

  evict(pages: number, owner: OwnerId): number {
    return this.roomMaker?.evict(pages, owner) ?? 0;
  }

  /**
   * A run of pages, its first one; 0 when none is to be had. `makeRoom` evicts by recency, and is false when it cannot. Where pages are
   * free but scattered, what is in the way is moved, and evicted only after what was read longest ago.
   */
  claimRun(pages: number, owner: OwnerId, from: ClaimFrom | undefined, makeRoom: () => boolean): number {
    let mayEvict = false;
    for (;;) {
      let page = this.pages.claim(pages, owner, from);
      const isScattered = page === 0 && pages > 1 && this.shares.freePages() >= pages;
      if (isScattered) page = this.roomMaker?.compact(pages, owner, mayEvict) ?? 0;
      if (page !== 0) return page;
      if (!makeRoom() && (mayEvict || !isScattered)) return 0;
      mayEvict = isScattered;
    }
  }

  /** Who holds memory beside a task, of each kind the largest first. */
  holdersBeside(task: OwnerId): Readonly<Record<"tasks" | "cached" | "exchanges" | "broadcasts", readonly Holder[]>> {
    const { owners } = this;
    const held = (kind: OwnerKind, nameOf: (owner: OwnerId) => string) =>
      [...owners.live(kind)]
        .filter(owner => owner !== task)
        .map(owner => ({ name: nameOf(owner), pages: owners.get(owner, slotWord.usedPages) }));
    const described = (owner: OwnerId) => owners.describe(owner);
    return {
      tasks: held("task", owner => owners.nameOf(owner) || described(owner)),
      cached: this.roomMaker?.holders?.() ?? [],
      exchanges: held("exchange", described),
      broadcasts: held("broadcast", described),
    };
  }

  get waitMaxMs(): number {
    return Atomics.load(this.area.words, headerWord.waitMaxMs);
  }

  /**
   * Mends an owner's page count after a thread died between moving pages and counting them. Others may be in the same
   * moment, so a difference must be seen twice before it is believed.
   */
  private recount(owner: OwnerId): void {
    let before = Number.NaN;
    for (let round = 0; round < 20; round++) {
      const difference = this.owners.get(owner, slotWord.usedPages) - this.pages.countOwned(owner);
      if (difference === before) {
        this.owners.add(owner, slotWord.usedPages, -difference);
        return;
      }
      before = difference;
      Atomics.wait(this.area.words, headerWord.magic, Atomics.load(this.area.words, headerWord.magic), 1);
    }
  }
}
