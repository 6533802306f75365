/**
 * The list behind a cached partition: its page runs and its blocks, as u32 words in kernel memory, in the last of those runs.
 * Layout: runs n, blocks m, rows low, rows high, n × (page, pages), m × (address, bytes).
 */
import type { Block } from "../data/contracts.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { asPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { Run } from "./block-runs.ts";

const headWords = 4;

export interface PageRun {
  readonly page: number;
  readonly pages: number;
}

export function listBytes(runs: number, blocks: number): number {
  return (headWords + 2 * runs + 2 * blocks) * 4;
}

export function writeList(
  words: Int32Array,
  at: Ptr,
  runs: Iterable<Run>,
  blocks: readonly Block[],
  rows: number,
): void {
  let next = at / 4 + headWords;
  let runCount = 0;
  for (const run of runs) {
    words[next++] = run.ptr / pageBytes;
    words[next++] = run.bytes / pageBytes;
    runCount++;
  }
  for (const block of blocks) {
    words[next++] = block.ptr;
    words[next++] = block.bytes;
  }
  words.set([runCount, blocks.length, rows >>> 0, Math.floor(rows / 2 ** 32)], at / 4);
}

export function readRuns(words: Int32Array, at: Ptr): PageRun[] {
  const runs: PageRun[] = [];
  const start = at / 4 + headWords;
  for (let i = 0; i < words[at / 4]!; i++) runs.push({ page: words[start + 2 * i]!, pages: words[start + 2 * i + 1]! });
  return runs;
}

export function readBlocks(words: Int32Array, at: Ptr): Block[] {
  const blocks: Block[] = [];
  const start = at / 4 + headWords + 2 * words[at / 4]!;
  for (let i = 0; i < words[at / 4 + 1]!; i++) {
    blocks.push({ ptr: asPtr(words[start + 2 * i]!), bytes: words[start + 2 * i + 1]! >>> 0 });
  }
  return blocks;
}

export function readRows(words: Int32Array, at: Ptr): number {
  return (words[at / 4 + 2]! >>> 0) + (words[at / 4 + 3]! >>> 0) * 2 ** 32;
}

/**
 * After the run at `from` has been copied to page `to`: points the list there. Each change is one store, and a list that is
 * half changed still names only pages of the old place or the new.
 */
export function relocate(words: Int32Array, list: Ptr, from: PageRun, to: number): Ptr {
  const moved = (to - from.page) * pageBytes;
  const inRun = (ptr: number) => ptr >= from.page * pageBytes && ptr < (from.page + from.pages) * pageBytes;
  const at = inRun(list) ? offset(list, moved) : list;
  const runs = words[at / 4]!;
  const blocks = words[at / 4 + 1]!;
  const start = at / 4 + headWords;
  for (let i = 0; i < runs; i++) if (words[start + 2 * i] === from.page) words[start + 2 * i] = to;
  for (let i = runs; i < runs + blocks; i++) {
    const ptr = words[start + 2 * i]! >>> 0;
    if (inRun(ptr)) words[start + 2 * i] = ptr + moved;
  }
  return at;
}
