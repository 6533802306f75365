/** Each key once, as first seen, as a table that can spill. */
import type { Batch } from "../data/column.ts";
import { gather } from "../data/move.ts";
import type { Allocator } from "../kernel/allocator.ts";
import { offset } from "../kernel/ptr.ts";
import type { ReservedArena } from "../kernel/reserved-arena.ts";
import type { Chunk } from "./chunk.ts";
import type { Emission } from "./emission.ts";
import { boundsOfHashes, type HashBounds, type HashRanges } from "./hash-ranges.ts";
import { batchOf, HashOrdered } from "./hash-ordered.ts";
import { hotKeys } from "./hot-folds.ts";
import { KeyIndex } from "./key-index.ts";
import { knownRows } from "./known-rows.ts";
import type { SpillScope } from "./spill-scope.ts";
import { type KeyedTable, type Remainder, SpillingTable, type TableKind } from "./spilling-table.ts";

const firstSeen = 0;
/** Batches of keys, of which some may be the same. */
export const anyKeys = 1;

/** A spilling `distinct`; feed it `anyKeys`. */
export function spillingDistinct(scope: SpillScope, check: () => void): SpillingTable {
  const kind: TableKind = {
    inputs: 2,
    make: () => new DistinctTable(scope),
    keysOf: batch => batch.root,
    fromDisk: open => hotKeys(scope, open, check),
  };
  return new SpillingTable(scope, kind, check);
}

class DistinctTable implements KeyedTable {
  private readonly index: KeyIndex;
  /** Keys added in whole batches; a refused one may have left some more behind. */
  private held = 0;

  constructor(private readonly scope: SpillScope) {
    this.index = new KeyIndex(scope.env.kernels, scope.account);
  }

  add(_input: number, batch: Batch): void {
    this.index.add(batch.root);
    this.held = this.index.count;
  }

  addKnown(_input: number, batch: Batch, scratch: ReservedArena): Remainder {
    const { ids, hashes } = this.index.lookup(batch.root);
    const split = knownRows(this.scope.env.kernels, scratch, ids, batch.rows, this.held);
    return { hashes, indexes: split.otherIndexes, rows: batch.rows - split.known };
  }

  hashBounds(): HashBounds {
    return boundsOfHashes(this.scope.env.kernels.u32, this.index.hashes, this.held);
  }

  writeTo(ranges: HashRanges): void {
    for (const { from, keys } of this.index.parts(this.held, this.scope.scratch)) {
      ranges.write(firstSeen, { rows: keys.rows, root: keys }, offset(this.index.hashes, from * 8));
    }
  }

  finish(): Emission {
    const { kernels } = this.scope.env;
    const { index } = this;
    const order = new HashOrdered(kernels, this.scope.account, index);
    return {
      next(scratch: Allocator, rowsMax: number, inPlace: boolean): Chunk | undefined {
        const rows = batchOf(order.left, rowsMax);
        if (rows === 0) return undefined;
        const root = order.keys(rows, scratch, inPlace);
        order.advance(rows);
        return { kind: "batch", batch: { rows, root } };
      },
      free() {
        order.free();
        index.free();
      },
    };
  }

  free(): void {
    this.index.free();
  }
}
