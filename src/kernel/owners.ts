/**
 * Owner slots: whoever may hold pages, pins and locks. A slot's number is the owner id that is written into those words.
 *
 * Kinds have ranges of their own: task attempts, exchanges (map outputs in memory), broadcasts; cached blocks belong to the one
 * owner `storageOwner`. A slot is claimed by one compare-and-swap of its holder word from 0, so no half-made owner exists.
 */
import { FiresteelError } from "../base/errors.ts";
import { type ControlArea, headerWord, slotWords } from "./control-area.ts";

declare const brand: unique symbol;
export type OwnerId = number & { readonly [brand]: "owner" };

/** Cached blocks. */
export const storageOwner = 1 as OwnerId;

export type OwnerKind = "task" | "exchange" | "broadcast";

const ranges = {
  task: { first: 16, end: 1024, high: headerWord.taskSlotsHigh },
  exchange: { first: 1024, end: 3584, high: headerWord.exchangeSlotsHigh },
  broadcast: { first: 3584, end: 4096, high: headerWord.broadcastSlotsHigh },
} as const;

/** Words of a slot. */
export const slotWord = {
  /** 0 free; id + 1 of what holds it; the same, negative, while it is being closed. */
  holder: 0,
  usedPages: 1,
  peakPages: 2,
  /** Part of `usedPages` that is being written for the cache; counts as storage. */
  stagedPages: 3,
  /** The other owner of a hand-over that this one has under way; 0 when none. */
  busy: 4,
  /** Pages a task waits for; 0 when it runs. */
  waitingPages: 5,
  /** 1 once a task has asked for memory: it counts for the shares of all. */
  sharing: 6,
  /** `entangled` levels, so that the end of a task looks only for what it may have. */
  entangled: 7,
} as const;
export type SlotWord = (typeof slotWord)[keyof typeof slotWord];

/** Words of a slot with the name of what holds most of it, for messages. */
const nameWord = 8;
const nameBytesMax = (slotWords - nameWord) * 4;

export const entangled = { no: 0, pins: 1, entries: 2 } as const;

export class Owners {
  private readonly words: Int32Array;

  constructor(private readonly area: ControlArea) {
    this.words = area.words;
  }

  /** A new owner; undefined when all slots of the kind are taken. */
  open(kind: OwnerKind, id: number): OwnerId | undefined {
    const { first, end, high } = ranges[kind];
    for (let slot = first; slot < end; slot++) {
      const at = this.at(slot, slotWord.holder);
      if (this.words[at] !== 0 || Atomics.compareExchange(this.words, at, 0, holderOf(id)) !== 0) continue;
      raise(this.words, high, slot - first + 1);
      return slot as OwnerId;
    }
    return undefined;
  }

  /** Which of its kind's slots it has: the lowest that was free. */
  indexOf(kind: OwnerKind, owner: OwnerId): number {
    return owner - ranges[kind].first;
  }

  find(kind: OwnerKind, id: number): OwnerId | undefined {
    return this.search(kind, holderOf(id));
  }

  /** True while the slot is the one that was opened for `id`. */
  holds(owner: OwnerId, id: number): boolean {
    return this.get(owner, slotWord.holder) === holderOf(id);
  }

  /** An owner that began to close and did not end, because its thread died or it waits for another's. */
  findClosing(kind: OwnerKind, id: number): OwnerId | undefined {
    return this.search(kind, -holderOf(id));
  }

  /** The first half of closing: nobody finds the owner any more. False when it is closed or being closed already. */
  beginClose(owner: OwnerId): boolean {
    const at = this.at(owner, slotWord.holder);
    const holder = Atomics.load(this.words, at);
    return holder > 0 && Atomics.compareExchange(this.words, at, holder, -holder) === holder;
  }

  /** The second half, when the owner holds nothing. */
  endClose(owner: OwnerId): void {
    for (let word = 1; word < slotWords; word++) Atomics.store(this.words, this.at(owner, word as SlotWord), 0);
    Atomics.store(this.words, this.at(owner, slotWord.holder), 0);
  }

  /** Says what holds most of the owner's memory; goes when it ends. */
  setName(owner: OwnerId, name: string): void {
    const bytes = new Uint8Array(nameBytesMax);
    new TextEncoder().encodeInto(name, bytes);
    const words = new Int32Array(bytes.buffer);
    for (let i = 0; i < words.length; i++)
      Atomics.store(this.words, this.at(owner, nameWord as SlotWord) + i, words[i]!);
  }

  /** Empty when none was given. */
  nameOf(owner: OwnerId): string {
    const start = this.at(owner, nameWord as SlotWord);
    const bytes = new Uint8Array(Int32Array.from(this.words.subarray(start, start + nameBytesMax / 4)).buffer);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  get(owner: OwnerId, word: SlotWord): number {
    return Atomics.load(this.words, this.at(owner, word));
  }

  set(owner: OwnerId, word: SlotWord, value: number): void {
    Atomics.store(this.words, this.at(owner, word), value);
  }

  add(owner: OwnerId, word: SlotWord, delta: number): number {
    return Atomics.add(this.words, this.at(owner, word), delta) + delta;
  }

  /** Notes what kind of thing besides pages the owner may hold from now on. */
  entangle(owner: OwnerId, level: number): void {
    if (this.get(owner, slotWord.entangled) < level) this.set(owner, slotWord.entangled, level);
  }

  /** Owners of a kind that are open now. */
  *live(kind: OwnerKind): Generator<OwnerId> {
    const { first, high } = ranges[kind];
    const end = first + Atomics.load(this.words, high);
    for (let slot = first; slot < end; slot++) {
      if (Atomics.load(this.words, this.at(slot, slotWord.holder)) !== 0) yield slot as OwnerId;
    }
  }

  /** The sum of a word over the owners of a kind. A guide for grants, so plain reads do: they are many times faster. */
  sum(kind: OwnerKind, word: SlotWord): number {
    const { first, high } = ranges[kind];
    const count = Atomics.load(this.words, high);
    let total = 0;
    for (let at = this.at(first, word), i = 0; i < count; i++, at += slotWords) total += this.words[at]!;
    return total;
  }

  /** What holds a slot, for messages: "task attempt 12". */
  describe(owner: number): string {
    if (owner === 0) return "nobody";
    if (owner === storageOwner) return "cached data";
    const id = Math.abs(Atomics.load(this.words, this.at(owner, slotWord.holder))) - 1;
    if (owner >= ranges.broadcast.first) return `broadcast ${id}`;
    return owner >= ranges.exchange.first ? `exchange ${id}` : `task attempt ${id}`;
  }

  private search(kind: OwnerKind, holder: number): OwnerId | undefined {
    const { first, high } = ranges[kind];
    const end = first + Atomics.load(this.words, high);
    for (let slot = first; slot < end; slot++) {
      if (Atomics.load(this.words, this.at(slot, slotWord.holder)) === holder) return slot as OwnerId;
    }
    return undefined;
  }

  private at(owner: number, word: SlotWord): number {
    return this.area.slotsAt + owner * slotWords + word;
  }
}

/** Ids wrap; only those alive at the same time must differ. */
function holderOf(id: number): number {
  if (!Number.isInteger(id) || id < 0) throw new FiresteelError("internal", `${id} cannot own memory`);
  return (id % 0x7fff_fff0) + 1;
}

function raise(words: Int32Array, at: number, least: number): void {
  for (let seen = Atomics.load(words, at); seen < least;) {
    const now = Atomics.compareExchange(words, at, seen, least);
    if (now === seen) return;
    seen = now;
  }
}
