/**
 * The first pages of kernel memory: everything that threads share besides data. A header, locks, owner slots, the page table,
 * pin records and the table of cached blocks, all Int32 words used with `Atomics` only.
 *
 * Invariants
 * - The layout follows from the memory's size alone, so any thread can attach at any time.
 * - No thread keeps a truth of its own: who owns a page, a pin or a lock is written in the word that stands for it. A thread
 *   may die between any two instructions; what it held is found by its owner id and taken back (`MemoryPool.reclaim`).
 * - Sums (used pages) are derived from owner slots when they are needed. They guide grants; the page table decides.
 */
import { invariant } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import { wasmPageBytes } from "./kernels.ts";

export const pageBytes = wasmPageBytes;

/** Words of the header. */
export const headerWord = {
  magic: 0,
  /** Fractions are in thousandths. */
  storageFraction: 1,
  exchangeFraction: 2,
  waitMaxMs: 3,
  /** Goes up whenever pages may have become free; waited on. */
  freedSequence: 4,
  waiters: 5,
  /** The clock of block recency. */
  tick: 6,
  taskSlotsHigh: 7,
  exchangeSlotsHigh: 8,
  broadcastSlotsHigh: 9,
  pinsHigh: 10,
  entriesHigh: 11,
  /** Low half: no page below it is free; high half: a version, so that a claim cannot overlook a free that ran beside it. */
  lowestFree: 12,
  /** No entry of the block table below it is empty. */
  lowestEmptyEntry: 13,
  /** Goes up whenever a cached partition may have come or gone. */
  blockChanges: 14,
} as const;

const headerWords = 1024;
export const lockCount = 64;
export const slotCount = 4096;
export const slotWords = 16;
export const entryWords = 16;
const pinCountMax = 16384;
const entriesPerPage = 4;
const entriesOnDiskMax = 32768;

const unformatted = 0;
const formatting = 1;
const formatted = 0x46_53_50_31;

export interface PoolOptions {
  /** Of the pool less map outputs and broadcasts: cached blocks below it are safe from tasks. Spark's memory.storageFraction. */
  readonly storageFraction?: number;
  /** Of the pool less safe cached blocks: the most that map outputs may hold; beyond it they go to files. */
  readonly exchangeFraction?: number;
  /** How long a task may wait for its fair share before it is refused. */
  readonly waitMaxMs?: number;
}

/** Where the structures are; positions are word indexes into `words`. */
export interface ControlArea {
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  /** Of the whole memory, control pages included. */
  readonly pages: number;
  readonly controlPages: number;
  readonly locksAt: number;
  readonly slotsAt: number;
  readonly tableAt: number;
  readonly pinsAt: number;
  readonly pinCount: number;
  readonly entriesAt: number;
  readonly entryCount: number;
  /** The hash index of the entries. */
  readonly indexAt: number;
  readonly indexCount: number;
}

/** The control area of a memory. The first thread to come lays it out with its options; the others find it done. */
export function attachControlArea(memory: WebAssembly.Memory, options: PoolOptions = {}): ControlArea {
  const area = layOut(memory);
  const { words } = area;
  const seen = Atomics.compareExchange(words, headerWord.magic, unformatted, formatting);
  if (seen === unformatted) {
    format(area, options);
    Atomics.store(words, headerWord.magic, formatted);
    Atomics.notify(words, headerWord.magic);
  } else if (seen === formatting) {
    Atomics.wait(words, headerWord.magic, formatting, 10_000);
  }
  invariant(Atomics.load(words, headerWord.magic) === formatted, "kernel memory has no control area");
  return area;
}

function layOut(memory: WebAssembly.Memory): ControlArea {
  const pages = memory.buffer.byteLength / pageBytes;
  const pinCount = Math.min(pinCountMax, Math.max(1024, pages));
  // partitions on disk take no page
  const entryCount = 2 ** Math.ceil(Math.log2(Math.max(64, pages, Math.min(entriesPerPage * pages, entriesOnDiskMax))));
  let at = headerWords;
  const take = (words: number) => {
    const start = at;
    at += words;
    return start;
  };
  const locksAt = take(lockCount);
  const slotsAt = take(slotCount * slotWords);
  const tableAt = take(pages);
  const pinsAt = take(pinCount);
  const entriesAt = take(entryCount * entryWords);
  const indexCount = 2 * entryCount;
  const indexAt = take(indexCount);
  const controlPages = Math.ceil((at * 4) / pageBytes);
  if (pages < controlPages + 16) {
    throw new FiresteelError("resource", `engine memory of ${pages * 64} KiB is too small to work with`, {
      hint: `set firesteel.executor.memory to at least ${Math.ceil(((controlPages + 16) * 64) / 1024)}m`,
    });
  }
  const words = new Int32Array(memory.buffer);
  return {
    memory,
    words,
    pages,
    controlPages,
    locksAt,
    slotsAt,
    tableAt,
    pinsAt,
    pinCount,
    entriesAt,
    entryCount,
    indexAt,
    indexCount,
  };
}

function format(area: ControlArea, options: PoolOptions): void {
  const { words } = area;
  Atomics.store(words, headerWord.storageFraction, Math.round(1000 * (options.storageFraction ?? 0.5)));
  Atomics.store(words, headerWord.exchangeFraction, Math.round(1000 * (options.exchangeFraction ?? 0.5)));
  Atomics.store(words, headerWord.lowestFree, area.controlPages);
  Atomics.store(words, headerWord.waitMaxMs, options.waitMaxMs ?? 10_000);
}
