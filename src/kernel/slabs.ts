/**
 * Small allocations of one task: size classes of 16 bytes up to 128, then four per doubling up to half a page. A slab is one page
 * cut into cells of one class; free cells are linked through their first word. An empty slab goes back to the pool, but for
 * one per class. Not shared between threads.
 */
import { FiresteelError } from "../base/errors.ts";
import { pageBytes } from "./control-area.ts";
import type { Ptr } from "./ptr.ts";

/** Larger allocations are page runs. */
export const smallBytesMax = pageBytes / 2;

const classBytes: readonly number[] = makeClasses();

function makeClasses(): number[] {
  const sizes = [0];
  for (let size = 16; size <= 128; size += 16) sizes.push(size);
  for (let base = 128; base < smallBytesMax; base *= 2) {
    for (let quarter = 1; quarter <= 4; quarter++) sizes.push(base + (base / 4) * quarter);
  }
  return sizes;
}

function classOf(bytes: number): number {
  if (bytes <= 128) return bytes <= 16 ? 1 : (bytes + 15) >> 4;
  const last = bytes - 1;
  const log = 31 - Math.clz32(last);
  return 8 + (log - 7) * 4 + ((last >> (log - 2)) - 4) + 1;
}

/** What an allocation of `bytes` (at most `smallBytesMax`) really takes. */
export function smallBytes(bytes: number): number {
  return classBytes[classOf(bytes)]!;
}

interface Slab {
  readonly page: number;
  readonly sizeClass: number;
  readonly cells: number;
  /** Cells never handed out start here. */
  fresh: number;
  /** First free cell's address, 0 when none. */
  freeCell: number;
  live: number;
  /** Index in its class's list of slabs with room; −1 when full. */
  position: number;
}

export class Slabs {
  private readonly slabs = new Map<number, Slab>();
  private readonly withRoom: (Slab[] | undefined)[] = [];

  constructor(private readonly words: Int32Array) {}

  /** 0 when no slab of the class has room: `addPage` then, and again. */
  take(bytes: number): number {
    const list = this.withRoom[classOf(bytes)];
    const slab = list?.[list.length - 1];
    if (list === undefined || slab === undefined) return 0;
    let cell = slab.freeCell;
    if (cell !== 0) slab.freeCell = this.words[cell >>> 2]! >>> 0;
    else cell = slab.page * pageBytes + slab.fresh++ * classBytes[slab.sizeClass]!;
    if (++slab.live === slab.cells) {
      list.pop();
      slab.position = -1;
    }
    return cell;
  }

  addPage(page: number, bytes: number): void {
    const sizeClass = classOf(bytes);
    const list = (this.withRoom[sizeClass] ??= []);
    const cells = Math.floor(pageBytes / classBytes[sizeClass]!);
    const slab: Slab = { page, sizeClass, cells, fresh: 0, freeCell: 0, live: 0, position: list.length };
    list.push(slab);
    this.slabs.set(page, slab);
  }

  /** Takes a cell back; gives the page to return to the pool, or 0. */
  give(ptr: Ptr, bytes: number): number {
    const slab = this.slabs.get(ptr >>> 16);
    if (slab === undefined || slab.sizeClass !== classOf(bytes) || slab.live === 0) {
      throw new FiresteelError("internal", `${bytes} bytes at ${ptr} are not an allocation of this task`);
    }
    this.words[ptr >>> 2] = slab.freeCell;
    slab.freeCell = ptr;
    const list = this.withRoom[slab.sizeClass]!;
    if (slab.position < 0) slab.position = list.push(slab) - 1;
    if (--slab.live > 0 || list.length === 1) return 0;
    this.drop(slab, list);
    return slab.page;
  }

  /** Pages of empty slabs, no longer ours. */
  trim(): number[] {
    const pages: number[] = [];
    for (const slab of [...this.slabs.values()]) {
      if (slab.live > 0) continue;
      this.drop(slab, this.withRoom[slab.sizeClass]!);
      pages.push(slab.page);
    }
    return pages;
  }

  allPages(): Iterable<number> {
    return this.slabs.keys();
  }

  private drop(slab: Slab, list: Slab[]): void {
    const last = list.pop()!;
    if (last !== slab) {
      list[slab.position] = last;
      last.position = slab.position;
    }
    this.slabs.delete(slab.page);
  }
}
