/**
 * Keys of one hash, or nearly so, as JavaScript's own values: few, and nearly always one, which may be larger than engine memory can
 * hold beside the block that it came in. What is done with the rows of a range that no table can take is done by these.
 *
 * Like a table's, keys are equal by value, look as they did when first seen, and leave in the order of their hashes, equal hashes as
 * they were first seen.
 */
import { readColumn } from "../data/batch-reader.ts";
import type { Column } from "../data/column.ts";
import { hashColumn } from "../data/hash.ts";
import { keyOf } from "../data/key-bytes.ts";
import { offset } from "../kernel/ptr.ts";
import type { SpillScope } from "./spill-scope.ts";

interface HotKey {
  readonly value: unknown;
  readonly hash: bigint;
  /** Canonical bytes, once another key was to be compared with it. */
  bytes: Uint8Array | undefined;
}

export class HotKeys {
  private readonly keys: HotKey[] = [];

  constructor(private readonly scope: SpillScope) {}

  /** The place of every row's key among those first seen; new ones are added. */
  placesOf(column: Column): number[] {
    const { kernels } = this.scope.env;
    const { scratch } = this.scope;
    const mark = scratch.mark();
    try {
      const hashes = scratch.alloc(column.rows * 8);
      hashColumn(kernels, scratch, column, hashes);
      const reader = readColumn(kernels, column);
      const places: number[] = [];
      for (let row = 0; row < column.rows; row++) {
        const value = reader.get(row);
        places.push(this.placeOf(value === 0 ? 0 : value, kernels.u64[offset(hashes, row * 8) / 8]!));
      }
      return places;
    } finally {
      scratch.release(mark);
    }
  }

  value(place: number): unknown {
    return this.keys[place]!.value;
  }

  /** Places, in the order in which groups leave. */
  inOrder(): number[] {
    const hashOf = (place: number) => this.keys[place]!.hash;
    return [...this.keys.keys()].sort((a, b) => (hashOf(a) < hashOf(b) ? -1 : hashOf(a) > hashOf(b) ? 1 : a - b));
  }

  private placeOf(value: unknown, hash: bigint): number {
    let bytes: Uint8Array | undefined;
    for (const [place, key] of this.keys.entries()) {
      if (key.hash !== hash) continue;
      if (key.value === value) return place;
      if (typeof value === "string" && typeof key.value === "string") continue;
      bytes ??= keyOf(value);
      key.bytes ??= keyOf(key.value);
      if (Buffer.compare(bytes, key.bytes) === 0) return place;
    }
    return this.keys.push({ value, hash, bytes }) - 1;
  }
}
