/**
 * The keys of a join's build side, each once: all that a join needs which only tests probe rows. Looking up takes work memory alone,
 * for then the keys are held and nothing more may be.
 */
import { type Batch, batchRowsMax, type Column } from "../data/column.ts";
import { nullPtr, offset } from "../kernel/ptr.ts";
import { boundsOfHashes, type HashBounds, type HashRanges } from "./hash-ranges.ts";
import type { BuildTable, Matches, Unmatched } from "./join-table.ts";
import { KeyIndex } from "./key-index.ts";
import { pairBatch, pairColumns } from "./pair-buffer.ts";
import type { SpillScope } from "./spill-scope.ts";
import { unknownSize } from "./table-sizes.ts";

export class KeySet implements BuildTable {
  private readonly index: KeyIndex;
  /** Keys added in whole batches; a refused one may have probe some more behind. */
  private held = 0;

  constructor(
    private readonly scope: SpillScope,
    private readonly tests: "matched" | "unmatched",
  ) {
    this.index = new KeyIndex(scope.env.kernels, scope.account, unknownSize, scope.work);
  }

  add(batch: Batch): void {
    this.index.add(pairColumns(batch)![0]);
    this.held = this.index.count;
  }

  hashBounds(): HashBounds {
    return boundsOfHashes(this.scope.env.kernels.u32, this.index.hashes, this.held);
  }

  writeTo(ranges: HashRanges, input: number): void {
    for (const { from, keys } of this.index.parts(this.held, this.scope.scratch)) {
      const none: Column = { kind: "constant", rows: keys.rows, value: undefined };
      ranges.write(input, pairBatch(keys, none), offset(this.index.hashes, from * 8));
    }
  }

  finish(): void {
    this.index.finish();
  }

  *matches(keys: Column): Generator<Matches, void, undefined> {
    const { scratch, env } = this.scope;
    const { u32 } = env.kernels;
    const { index } = this;
    const mark = scratch.mark();
    try {
      const probe = scratch.alloc(batchRowsMax * 4);
      const { ids } = index.lookup(keys);
      const wanted = this.tests === "matched";
      for (let from = 0; from < keys.rows; from += batchRowsMax) {
        const to = Math.min(keys.rows, from + batchRowsMax);
        let rows = 0;
        for (let i = from; i < to; i++) if (u32[ids / 4 + i]! < index.count === wanted) u32[probe / 4 + rows++] = i;
        if (rows > 0) yield { rows, probe, build: nullPtr, present: nullPtr };
      }
    } finally {
      scratch.release(mark);
    }
  }

  valuesOf({ rows }: Matches): Column {
    return { kind: "constant", rows, value: undefined };
  }

  *unmatched(): Generator<Unmatched, void, undefined> {}

  unmatchedPairs(): Batch {
    return { rows: 0, root: { kind: "constant", rows: 0, value: undefined } };
  }

  free(): void {
    this.index.free();
  }
}
