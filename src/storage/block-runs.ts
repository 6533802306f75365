/** Packs blocks into page runs. Runs grow with what is in them, so that little takes one page and much takes few runs. */
import { pageBytes } from "../kernel/control-area.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";

export interface Run {
  readonly ptr: Ptr;
  /** Whole pages. */
  bytes: number;
  used: number;
}

const runBytesMax = 16 * pageBytes;

export class BlockRuns {
  private runs: Run[] = [];

  [Symbol.iterator](): Iterator<Run> {
    return this.runs.values();
  }

  /** Memory of all runs. */
  get bytes(): number {
    let total = 0;
    for (const run of this.runs) total += run.bytes;
    return total;
  }

  get count(): number {
    return this.runs.length;
  }

  /** Room for a block, in the last run or in a new one from `claim`; undefined when `claim` gives none. `isLast`: no more to come. */
  reserve<P extends Ptr | undefined>(bytes: number, claim: (runBytes: number) => P, isLast = false): Ptr | P {
    const last = this.runs[this.runs.length - 1];
    if (last !== undefined && last.used + bytes <= last.bytes) return take(last, bytes);
    const wanted = isLast ? bytes : Math.min(runBytesMax, Math.max(pageBytes, this.bytes));
    const runBytes = Math.ceil(Math.max(wanted, bytes) / pageBytes) * pageBytes;
    const ptr = claim(runBytes);
    if (ptr === undefined) return ptr;
    const run: Run = { ptr, bytes: runBytes, used: 0 };
    // While claiming, pressure may have emptied the list: the new run is then the first.
    this.runs.push(run);
    return take(run, bytes);
  }

  clear(): void {
    this.runs = [];
  }
}

function take(run: Run, bytes: number): Ptr {
  const ptr = offset(run.ptr, run.used);
  run.used += bytes;
  return ptr;
}
