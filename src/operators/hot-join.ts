/**
 * A join of rows with too many right rows of one hash to keep: every left row looks through the right side on disk. As nearly all
 * of those match, what that costs follows from what it gives.
 */
import type { Batch, Column } from "../data/column.ts";
import { gather, slice } from "../data/move.ts";
import { sliceColumn } from "../data/slice.ts";
import { nullPtr, offset } from "../kernel/ptr.ts";
import type { Segment } from "../storage/spill-file.ts";
import { keysOfNumbered, type Matches, numberedPairs } from "./join-table.ts";
import { KeyIndex } from "./key-index.ts";
import { knownRows } from "./known-rows.ts";
import { pairColumns } from "./pair-buffer.ts";
import type { SortedRuns } from "./sorted-runs.ts";
import { inHalves, SegmentReader, type SpillScope } from "./spill-scope.ts";

export class HotJoin {
  constructor(
    private readonly scope: SpillScope,
    private readonly keepsLeft: boolean,
    private readonly runs: SortedRuns,
    private readonly check: () => void,
  ) {}

  /** Adds a run of `[number, joined row]`. */
  join(right: readonly Segment[], left: readonly Segment[]): void {
    this.runs.begin();
    const lefts = new SegmentReader(this.scope, left);
    const rights = new SegmentReader(this.scope, right);
    try {
      for (let batch = lefts.next(); batch !== undefined; batch = lefts.next()) {
        for (let row = 0; row < batch.rows; row++) this.joinRow(slice(batch, row, row + 1), rights);
      }
    } finally {
      lefts.free();
      rights.free();
    }
  }

  private joinRow(left: Batch, rights: SegmentReader): void {
    const { env, account } = this.scope;
    const key = new KeyIndex(env.kernels, account);
    try {
      key.add(keysOfNumbered(left));
      let matched = 0;
      rights.rewind();
      for (let right = rights.next(); right !== undefined; right = rights.next()) {
        matched += this.joinBlock(left, key, right);
        this.check();
      }
      if (matched === 0 && this.keepsLeft)
        this.append(left, 1, () => ({ kind: "constant", rows: 1, value: undefined }));
    } finally {
      key.free();
    }
  }

  /** Gives how many rows of the block match. */
  private joinBlock(left: Batch, key: KeyIndex, right: Batch): number {
    const { scratch, env } = this.scope;
    const { kernels } = env;
    const [keys, values] = pairColumns(right)!;
    const mark = scratch.mark();
    try {
      const { ids } = key.lookup(keys);
      const matching = knownRows(kernels, scratch, ids, right.rows, 1);
      if (matching.known === right.rows)
        this.append(left, values.rows, (from, rows) => sliceColumn(values, from, from + rows));
      else if (matching.known > 0) {
        const batch = { rows: right.rows, root: values };
        const { known, knownIndexes } = matching;
        this.append(
          left,
          known,
          (from, rows) => gather(kernels, scratch, batch, offset(knownIndexes, from * 4), rows).root,
        );
      }
      return matching.known;
    } finally {
      scratch.release(mark);
    }
  }

  /** The left row with some right values. */
  private append(left: Batch, matches: number, valuesOf: (from: number, rows: number) => Column): void {
    const { scratch, env } = this.scope;
    const { kernels } = env;
    inHalves(matches, (from, rows) => {
      const mark = scratch.mark();
      try {
        const lefts = scratch.alloc(rows * 4);
        kernels.u32.fill(0, lefts / 4, lefts / 4 + rows);
        const pairs: Matches = { rows, left: lefts, right: nullPtr, present: nullPtr };
        this.runs.appendAll(numberedPairs(kernels, scratch, left, pairs, valuesOf(from, rows)));
      } finally {
        scratch.release(mark);
      }
    });
  }
}
