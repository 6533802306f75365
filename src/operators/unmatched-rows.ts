/** Build rows of a join that no probe row matched, on disk, in the order in which they are to leave: after all others. */
import type { Batch } from "../data/column.ts";
import type { Segment } from "../storage/spill-file.ts";
import { SegmentReader, type SpillScope } from "./spill-scope.ts";

export class UnmatchedRows {
  private readonly segments: Segment[] = [];

  constructor(private readonly scope: SpillScope) {}

  /** Adds `[key, value of the join]`. */
  add(batch: Batch): void {
    this.scope.writeAll(batch, this.segments);
  }

  /** Each batch is valid until the next. */
  *batches(): Generator<Batch, void, undefined> {
    const { scope, segments } = this;
    if (segments.length === 0) return;
    const reader = scope.working(() => new SegmentReader(scope, segments, true));
    try {
      for (;;) {
        const batch = scope.working(() => reader.next());
        if (batch === undefined) return;
        yield batch;
      }
    } finally {
      reader.free();
    }
  }
}
