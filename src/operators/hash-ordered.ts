/** The keys of an index in the order of their hashes, a batch at a time. */
import { readColumn } from "../data/batch-reader.ts";
import { batchRowsMax, type Column } from "../data/column.ts";
import { gather } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { Arena } from "../kernel/arena.ts";
import { orderByHash } from "../kernel/hash-order.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { KeyIndex } from "./key-index.ts";

export class HashOrdered {
  readonly groups: number;
  private readonly arena: Arena;
  private order: Ptr = nullPtr;
  private column: Column = { kind: "constant", rows: 0, value: undefined };
  private at = 0;

  /** Throws `MemoryRefused` and holds nothing then. */
  constructor(
    private readonly kernels: Kernels,
    allocator: Allocator,
    keys: KeyIndex,
  ) {
    this.groups = keys.count;
    this.arena = new Arena(allocator);
    if (this.groups === 0) return;
    try {
      this.order = this.arena.alloc(this.groups * 4);
      orderByHash(kernels, allocator, keys.hashes, this.groups, this.order);
      this.column = keys.keys(this.arena);
    } catch (thrown) {
      this.arena.close();
      throw thrown;
    }
  }

  /** Ids (u32) of the groups that come next. */
  get ids(): Ptr {
    return offset(this.order, this.at * 4);
  }

  /** The id of the i-th group of those that come next. */
  idAt(i: number): number {
    return this.kernels.u32[this.order / 4 + this.at + i]!;
  }

  get left(): number {
    return this.groups - this.at;
  }

  /** Keys of the next groups; `inPlace`: of one, which may be large, where it lies. The place stays until `advance`. */
  keys(groups: number, allocator: Allocator, inPlace = false): Column {
    if (groups === 1 && inPlace) return sliceColumn(this.column, this.idAt(0), this.idAt(0) + 1);
    return gather(this.kernels, allocator, { rows: this.groups, root: this.column }, this.ids, groups).root;
  }

  /** The key that comes next, as a value. */
  keyValue(): unknown {
    return readColumn(this.kernels, this.column).get(this.idAt(0));
  }

  advance(groups: number): void {
    this.at += groups;
  }

  free(): void {
    this.arena.close();
  }
}

export function batchOf(left: number, rowsMax: number): number {
  return Math.min(left, rowsMax, batchRowsMax);
}
