/**
 * The table of cached partitions in the control area, shared by all threads. An entry is found through a hash index by (rdd,
 * partition). A partition is a list of blocks in storage's pages (`list` ≠ 0), or in a file (`fileDir` > 0), or both.
 *
 * - Entries and index change only under one lock, each by a single store that leaves both valid, so that a thread that dies
 *   inside leaves nothing to repair but an entry marked with its id. Readers take no lock: they pin what they found and look again.
 * - `ready`: what it names is whole and stays while it is pinned. Every other state but `doomed` names its owner, and what the owner
 *   leaves when it dies is decided by two words alone:
 *   `fileDir` < 0 is a file in the making, which is removed; > 0 a whole file, written in one store after all else of it;
 *   `list` ≠ 0 names pages that are storage's or the owner's: while all are storage's nothing was begun with them, but those of a
 *   `moving` entry may be half written and are dropped. What is left then, memory or file, is ready; with nothing left the entry goes.
 * - `writing` → ready; ready → `evicting` → empty; ready → `spilling` (to the file, and out of memory) → ready; ready → `moving` (to
 *   other pages, or from the file into memory) → ready. Removed meanwhile, an entry is doomed: who holds it drops it in the end.
 */
import { type ControlArea, entryWords, headerWord } from "../kernel/control-area.ts";
import { cachedHolder } from "../kernel/memory-refusal.ts";
import { lockWaitMaxMs, type OwnerLocks } from "../kernel/owner-lock.ts";
import type { OwnerId } from "../kernel/owners.ts";

export const entryState = {
  empty: 0,
  writing: 1,
  writingDoomed: 2,
  ready: 3,
  evicting: 4,
  doomed: 5,
  moving: 6,
  movingDoomed: 7,
  spilling: 8,
  spillingDoomed: 9,
} as const;
export type EntryState = (typeof entryState)[keyof typeof entryState];

export const entryWord = {
  /** State in the low bits, who writes, evicts or moves above. */
  state: 0,
  rdd: 1,
  partition: 2,
  /** Address of the list of runs and blocks in memory; 0 while there is none. */
  list: 3,
  pages: 4,
  /** Sum of the blocks' bytes, unsigned. */
  bytes: 5,
  rows: 6,
  /** When it was last read. */
  tick: 7,
  /** What its level allows: `blockFlag`s. */
  flags: 8,
  /** Local dir of its file, counted from 1; negative while the file is being written; 0 without one. */
  fileDir: 9,
  /** A random number in the file's name. */
  fileName: 10,
  /** Where the file's index of blocks begins, how long it is, and its crc32. */
  indexLow: 11,
  indexHigh: 12,
  indexBytes: 13,
  indexCrc: 14,
} as const;
export type EntryWord = (typeof entryWord)[keyof typeof entryWord];

/** Blocks may be in memory, may be on disk, are compressed. */
export const blockFlag = { memory: 1, disk: 2, packed: 4 } as const;

const stateBits = 4;
const stateMask = (1 << stateBits) - 1;
const tableLock = 0;
const deleted = -1;

export class BlockTable {
  lockWaitMaxMs = lockWaitMaxMs;
  private readonly words: Int32Array;

  constructor(
    private readonly area: ControlArea,
    private readonly locks: OwnerLocks,
  ) {
    this.words = area.words;
  }

  /** Throws `LockBusy` when the holder is dead and has not been taken back for a while. */
  locked<T>(owner: OwnerId, change: () => T): T {
    // An abandoned lock needs no repair, by the rule above.
    this.locks.acquire(tableLock, owner, this.lockWaitMaxMs);
    try {
      return change();
    } finally {
      this.locks.release(tableLock, owner);
    }
  }

  /** The entry of a key in whatever state, or −1. Without the lock a hint that the caller verifies. */
  find(rdd: number, partition: number): number {
    const { indexAt, indexCount } = this.area;
    let slot = hash(rdd, partition) & (indexCount - 1);
    for (let probes = 0; probes < indexCount; probes++, slot = (slot + 1) & (indexCount - 1)) {
      const word = Atomics.load(this.words, indexAt + slot);
      if (word === 0) return -1;
      if (word !== deleted && this.isKey(word - 1, rdd, partition)) return word - 1;
    }
    return -1;
  }

  /** The Rdds that are in memory, a partition at a time, for messages. */
  holders(): { readonly name: string; readonly pages: number }[] {
    return [...this.used()]
      .filter(entry => this.get(entry, entryWord.list) !== 0)
      .map(entry => ({ name: cachedHolder(this.get(entry, entryWord.rdd)), pages: this.get(entry, entryWord.pages) }));
  }

  /** Under the lock: a new entry in state writing; −1 when the table is full. */
  insert(rdd: number, partition: number, owner: OwnerId, flags: number): number {
    const entry = this.freeEntry();
    if (entry < 0) return -1;
    this.set(entry, entryWord.list, 0);
    this.set(entry, entryWord.pages, 0);
    this.set(entry, entryWord.fileDir, 0);
    this.set(entry, entryWord.flags, flags);
    this.set(entry, entryWord.rdd, rdd);
    this.set(entry, entryWord.partition, partition);
    this.setState(entry, entryState.writing, owner);
    const { indexAt, indexCount } = this.area;
    let slot = hash(rdd, partition) & (indexCount - 1);
    // Twice as many slots as entries: there is always one.
    while (Atomics.load(this.words, indexAt + slot) > 0) slot = (slot + 1) & (indexCount - 1);
    Atomics.store(this.words, indexAt + slot, entry + 1);
    return entry;
  }

  /** Under the lock: forgets an entry. Safe to repeat. */
  delete(entry: number): void {
    const { indexAt, indexCount } = this.area;
    const mask = indexCount - 1;
    let slot = hash(this.get(entry, entryWord.rdd), this.get(entry, entryWord.partition)) & mask;
    for (let probes = 0; probes < indexCount; probes++, slot = (slot + 1) & mask) {
      const word = Atomics.load(this.words, indexAt + slot);
      if (word === 0) break;
      if (word !== entry + 1) continue;
      const endsChain = Atomics.load(this.words, indexAt + ((slot + 1) & mask)) === 0;
      Atomics.store(this.words, indexAt + slot, endsChain ? 0 : deleted);
      // Nothing is probed past an empty slot, so deleted ones before it serve no one.
      for (
        let back = (slot - 1) & mask;
        endsChain && Atomics.load(this.words, indexAt + back) === deleted;
        back = (back - 1) & mask
      ) {
        Atomics.store(this.words, indexAt + back, 0);
      }
      break;
    }
    if (entry < Atomics.load(this.words, headerWord.lowestEmptyEntry))
      Atomics.store(this.words, headerWord.lowestEmptyEntry, entry);
    this.setState(entry, entryState.empty);
  }

  isKey(entry: number, rdd: number, partition: number): boolean {
    return this.get(entry, entryWord.rdd) === rdd && this.get(entry, entryWord.partition) === partition;
  }

  state(entry: number): EntryState {
    return (this.get(entry, entryWord.state) & stateMask) as EntryState;
  }

  /** Who writes, evicts or moves the entry. */
  stateOwner(entry: number): number {
    return this.get(entry, entryWord.state) >>> stateBits;
  }

  setState(entry: number, state: EntryState, owner: OwnerId | 0 = 0): void {
    this.set(entry, entryWord.state, state | (owner << stateBits));
    if (state === entryState.ready || state === entryState.empty) Atomics.add(this.words, headerWord.blockChanges, 1);
  }

  /** Sets the state and wakes readers that wait for the end of a move or a spill. */
  endMove(entry: number, state: EntryState, owner: OwnerId): void {
    this.setState(entry, state, owner);
    Atomics.notify(this.words, this.at(entry, entryWord.state));
  }

  /** Waits until an entry that is being moved or spilled has been, at most `waitMaxMs`. */
  waitForMove(entry: number, waitMaxMs: number): void {
    const at = this.at(entry, entryWord.state);
    const seen = Atomics.load(this.words, at);
    const state = seen & stateMask;
    if (state === entryState.moving || state === entryState.spilling) Atomics.wait(this.words, at, seen, waitMaxMs);
  }

  get(entry: number, word: EntryWord): number {
    return Atomics.load(this.words, this.at(entry, word));
  }

  set(entry: number, word: EntryWord, value: number): void {
    Atomics.store(this.words, this.at(entry, word), value);
  }

  /** Marks an entry as used now. */
  touch(entry: number): void {
    this.set(entry, entryWord.tick, Atomics.add(this.words, headerWord.tick, 1));
  }

  /** Entries that are not empty. */
  *used(): Generator<number> {
    const high = Atomics.load(this.words, headerWord.entriesHigh);
    for (let entry = 0; entry < high; entry++)
      if (this.words[this.at(entry, entryWord.state)] !== entryState.empty) yield entry;
  }

  /** The ready entry in memory read longest ago, but for those of one rdd and those in `except`; −1 when there is none. */
  leastRecent(spareRdd: number, except: ReadonlySet<number>): number {
    const { words } = this;
    const high = Atomics.load(words, headerWord.entriesHigh);
    let found = -1;
    let oldest = 0;
    for (let entry = 0, at = this.area.entriesAt; entry < high; entry++, at += entryWords) {
      if ((words[at + entryWord.state]! & stateMask) !== entryState.ready || words[at + entryWord.rdd] === spareRdd)
        continue;
      if (words[at + entryWord.list] === 0) continue;
      const tick = words[at + entryWord.tick]!;
      if ((found >= 0 && ((tick - oldest) | 0) >= 0) || except.has(entry)) continue;
      found = entry;
      oldest = tick;
    }
    return found;
  }

  private freeEntry(): number {
    const high = Atomics.load(this.words, headerWord.entriesHigh);
    let entry = Atomics.load(this.words, headerWord.lowestEmptyEntry);
    while (entry < high && this.words[this.at(entry, entryWord.state)] !== entryState.empty) entry++;
    if (entry === this.area.entryCount) return -1;
    if (entry === high) Atomics.store(this.words, headerWord.entriesHigh, high + 1);
    Atomics.store(this.words, headerWord.lowestEmptyEntry, entry);
    return entry;
  }

  private at(entry: number, word: EntryWord): number {
    return this.area.entriesAt + entry * entryWords + word;
  }
}

/** Murmur3's finaliser (Appleby) over both numbers. */
function hash(rdd: number, partition: number): number {
  let h = Math.imul(rdd, 0x9e3779b1) ^ partition;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
