/**
 * Merges sorted runs, of which only a window each need be in memory. Keys are u64 or byte strings; the output is pairs
 * (run, row), in order of key and, where keys are equal, of run.
 *
 *   const merger = new Merger(kernels, allocator, "u64", runs);
 *   for each run: merger.setWindow(run, { keys, rows, isLast });
 *   loop: step = merger.next(outRuns, outRows, capacity); take the step.rows pairs; on "refill" set the next window of step.run.
 *
 * The pairs of a step refer to the windows in force during it: take them before setting another.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { nullPtr, type Ptr } from "./ptr.ts";

export interface MergeWindow {
  /** u64 keys in order, or i32[rows + 1] offsets of byte strings. */
  readonly keys: Ptr;
  /** The byte strings' bytes. */
  readonly bytes?: Ptr;
  readonly rows: number;
  /** Number given to the window's row 0 in the output; 0 unless said. */
  readonly base?: number;
  /** No window follows. A run without rows is a last window of 0 rows. */
  readonly isLast: boolean;
}

export type MergeStep =
  | { readonly kind: "full"; readonly rows: number }
  | { readonly kind: "refill"; readonly rows: number; readonly run: number }
  | { readonly kind: "done"; readonly rows: number };

/** Rows that one kernel call emits. */
const rowsPerCall = 1 << 16;

export class Merger {
  private readonly state: Ptr;
  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly keyKind: "u64" | "bytes",
    private readonly runs: number,
  ) {
    this.state = allocator.alloc(mergeStateBytes(runs));
    kernels.run.mergeBegin(this.state, runs);
    for (let run = 0; run < runs; run++) kernels.run.mergeWindow(this.state, run, 0, 0, 0, 0, 0);
  }

  setWindow(run: number, { keys, bytes = nullPtr, rows, base = 0, isLast }: MergeWindow): void {
    this.kernels.run.mergeWindow(this.state, run, keys, bytes, rows, base, Number(isLast));
  }

  /** Up to `capacity` pairs into outRuns and outRows (u32). A run without a window is asked for before anything is emitted. */
  next(outRuns: Ptr, outRows: Ptr, capacity: number): MergeStep {
    const { run, u32 } = this.kernels;
    const step = this.keyKind === "u64" ? run.mergeU64 : run.mergeBytes;
    if (this.runs === 0) return { kind: "done", rows: 0 };
    let rows = 0;
    while (true) {
      const most = Math.min(rowsPerCall, capacity - rows);
      const code = step(this.state, outRuns + rows * 4, outRows + rows * 4, most);
      rows += u32[(this.state >>> 2) + 1]!;
      if (code >= 0) return { kind: "refill", rows, run: code };
      if (code === -2) return { kind: "done", rows };
      if (rows === capacity) return { kind: "full", rows };
    }
  }

  free(): void {
    this.allocator.free(this.state, mergeStateBytes(this.runs));
  }
}

/** What a Merger allocates. */
export function mergeStateBytes(runs: number): number {
  return 16 + runs * 48;
}
