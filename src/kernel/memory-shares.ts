/**
 * Who may have how much, by the rules of Spark's UnifiedMemoryManager. Tasks and cached blocks share the pool: cached blocks
 * may use all that is free, tasks may evict them down to a floor. Of what is left for tasks, each of N active ones gets at most
 * 1/N and may wait for 1/2N. Map outputs and broadcasts are nobody's to evict, so they are taken off first.
 *
 * A small part is kept for work that must go on when a task may hold no more, because a share shrinks when others come and a task
 * cannot give back at once: writing out, reading back, making the next rows.
 *
 * Everything is derived from owner slots when asked; there is no counter to fall out of step.
 */
import { type ControlArea, headerWord } from "./control-area.ts";
import { type OwnerId, type Owners, slotWord, storageOwner } from "./owners.ts";

export interface Shares {
  /** What tasks have together, when cached blocks have been evicted to the floor. */
  readonly tasksPages: number;
  readonly activeTasks: number;
  /** A task gets no more … */
  readonly taskMaxPages: number;
  /** … and may wait until it has this much. */
  readonly taskMinPages: number;
  /** Of the most, what is kept for work that must go on, where there is such work; a task over its share has it beside that. */
  readonly taskWorkPages: number;
}

export interface MemoryUse {
  readonly pages: number;
  readonly tasks: number;
  readonly storage: number;
  readonly exchanges: number;
  readonly broadcasts: number;
}

/** Of what tasks have together … */
const workShare = 1 / 8;
/** … and a task's at most. */
const workPagesMax = 16;

export class MemoryShares {
  readonly pages: number;
  private readonly words: Int32Array;

  constructor(
    area: ControlArea,
    private readonly owners: Owners,
  ) {
    this.words = area.words;
    this.pages = area.pages - area.controlPages;
  }

  now(): Shares {
    const { owners } = this;
    const tasksPages = Math.max(
      0,
      this.pages - this.heldPages() - Math.min(this.storagePages(), this.storageFloorPages()),
    );
    const activeTasks = Math.max(1, owners.sum("task", slotWord.sharing));
    const taskWorkPages = Math.min(workPagesMax, Math.floor((tasksPages * workShare) / activeTasks));
    return {
      tasksPages,
      activeTasks,
      taskMaxPages: Math.floor(tasksPages / activeTasks),
      taskMinPages: Math.floor(tasksPages / (2 * activeTasks)),
      taskWorkPages,
    };
  }

  use(): MemoryUse {
    const { owners } = this;
    const staged = owners.sum("task", slotWord.stagedPages);
    return {
      pages: this.pages,
      tasks: owners.sum("task", slotWord.usedPages) - staged,
      storage: owners.get(storageOwner, slotWord.usedPages) + staged,
      exchanges: owners.sum("exchange", slotWord.usedPages),
      broadcasts: owners.sum("broadcast", slotWord.usedPages),
    };
  }

  /** Cached blocks up to here are safe. What nobody can evict comes off first, so that tasks always keep a part. */
  storageFloorPages(): number {
    return Math.floor(((this.pages - this.heldPages()) * Atomics.load(this.words, headerWord.storageFraction)) / 1000);
  }

  /**
   * A cached partition may be as large: when each active task reads another one, tasks still have what is theirs, half of all where
   * little or nothing cached is safe from them.
   */
  cachedPartitionPagesMax(): number {
    const readPages = Math.max(this.storageFloorPages(), Math.floor((this.pages - this.heldPages()) / 2));
    return Math.floor(readPages / Math.max(1, this.owners.sum("task", slotWord.sharing)));
  }

  /** Cached blocks, finished or being written. */
  storagePages(): number {
    return this.owners.get(storageOwner, slotWord.usedPages) + this.owners.sum("task", slotWord.stagedPages);
  }

  /** Pages that nobody has, in one piece or not. */
  freePages(): number {
    const { pages, tasks, storage, exchanges, broadcasts } = this.use();
    return pages - tasks - storage - exchanges - broadcasts;
  }

  /** Pages that nobody has, or whose cached blocks tasks may evict. */
  availablePages(): number {
    return this.freePages() + Math.max(0, this.storagePages() - this.storageFloorPages());
  }

  /**
   * Whether map outputs may hold so many pages more: those are then `owner`'s to come, so that two that ask at once do not both
   * get the same room. To be unstaged when they are there.
   */
  stageForExchange(owner: OwnerId, pages: number): boolean {
    this.owners.add(owner, slotWord.stagedPages, pages);
    if (this.exchangeHasRoom()) return true;
    this.unstage(owner, pages);
    return false;
  }

  unstage(owner: OwnerId, pages: number): void {
    this.owners.add(owner, slotWord.stagedPages, -pages);
  }

  private exchangeHasRoom(): boolean {
    const used = this.owners.sum("exchange", slotWord.usedPages) + this.owners.sum("exchange", slotWord.stagedPages);
    const room = this.pages - Math.min(this.storagePages(), this.storageFloorPages());
    return used <= (room * Atomics.load(this.words, headerWord.exchangeFraction)) / 1000;
  }

  /** Map outputs and broadcasts. */
  private heldPages(): number {
    return this.owners.sum("exchange", slotWord.usedPages) + this.owners.sum("broadcast", slotWord.usedPages);
  }

  /** True when some other active task is not itself waiting, so that it may yet free something. */
  othersRun(self: OwnerId): boolean {
    for (const owner of this.owners.live("task")) {
      if (owner === self || this.owners.get(owner, slotWord.sharing) === 0) continue;
      if (this.owners.get(owner, slotWord.waitingPages) === 0) return true;
    }
    return false;
  }
}
