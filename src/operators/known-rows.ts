/** Rows parted by whether a table has their group. */
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { ReservedArena } from "../kernel/reserved-arena.ts";

export interface KnownRows {
  readonly known: number;
  /** u32[known]: rows whose id is below the limit, and their ids. */
  readonly knownIndexes: Ptr;
  readonly knownIds: Ptr;
  /** u32: the other rows. */
  readonly otherIndexes: Ptr;
}

/** Parts rows by whether their ids (u32[rows]) are below `groups`; both parts keep their order. */
export function knownRows(kernels: Kernels, scratch: ReservedArena, ids: Ptr, rows: number, groups: number): KnownRows {
  const { u32 } = kernels;
  const at = ids / 4;
  let known = 0;
  for (let i = 0; i < rows; i++) if (u32[at + i]! < groups) known++;
  if (known === rows) return { known, knownIndexes: nullPtr, knownIds: ids, otherIndexes: nullPtr };
  const knownIndexes = scratch.alloc(known * 4);
  const knownIds = scratch.alloc(known * 4);
  const otherIndexes = scratch.alloc((rows - known) * 4);
  let [a, b, c] = [knownIndexes / 4, knownIds / 4, otherIndexes / 4];
  for (let i = 0; i < rows; i++) {
    const id = u32[at + i]!;
    if (id < groups) {
      u32[a++] = i;
      u32[b++] = id;
    } else u32[c++] = i;
  }
  return { known, knownIndexes, knownIds, otherIndexes };
}
