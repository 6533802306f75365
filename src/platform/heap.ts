/**
 * Watches this thread's JavaScript heap between batches, so that a task that fills it fails with a reason before the runtime
 * ends the process. Cheap enough to ask after every batch: it reads the clock, and the heap's size every few milliseconds.
 *
 * A heap size counts garbage that has not been collected yet. So at the limit the heap is collected first, and only what
 * survives is held against the task. What one call of a user's function allocates is not seen before it returns.
 */
import { FiresteelError, type SourcePosition } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";
import { GarbagePacer } from "./garbage.ts";

const intervalMs = 10;

interface Collector {
  readonly Bun?: { gc(force: boolean): void };
  readonly gc?: () => void;
}

/** An operator or action that rows are kept for, in words, and where it is called. */
export interface HeapKeeper {
  readonly text: string;
  readonly at: SourcePosition | undefined;
}

export class HeapWatch {
  private readonly garbage = new GarbagePacer();
  private nextCheckMs = 0;
  /** Garbage allowed until the next collection. */
  private collectAboveBytes: number;

  constructor(
    readonly limitBytes: number,
    private readonly heapBytes: () => number = liveHeapBytes,
    private readonly collect: () => void = collectGarbage,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.collectAboveBytes = limitBytes;
  }

  /**
   * Throws kind "resource" when the heap is past the limit, naming who keeps what is there. `bytes` are those of columns that values
   * were made of since the last check.
   */
  check(keeper: () => HeapKeeper, bytes = 0): void {
    const now = this.nowMs();
    this.garbage.pace(now, bytes);
    if (now < this.nextCheckMs) return;
    this.nextCheckMs = now + intervalMs;
    if (this.heapBytes() <= this.collectAboveBytes) return;
    this.collect();
    const liveBytes = this.heapBytes();
    if (liveBytes > this.limitBytes) throw heapFull(keeper(), liveBytes, this.limitBytes);
    // Close to the limit each collection must be worth its time: let a quarter of the limit pile up before the next.
    this.collectAboveBytes = Math.max(this.limitBytes, liveBytes + this.limitBytes / 4);
  }
}

function heapFull({ text, at }: HeapKeeper, liveBytes: number, limitBytes: number): FiresteelError {
  const message = `${text} filled its thread's JavaScript heap: ${formatBytes(liveBytes)} in use, the limit is ${formatBytes(limitBytes)}`;
  const error = new FiresteelError("resource", message, {
    hint: "keep less in memory per partition (more partitions, smaller groups, shorter results), or raise firesteel.task.heapLimit",
    at,
  });
  // the line that happened to take a row at this moment is not who keeps them
  error.stack = `${error.name}: ${message}`;
  return error;
}

/** This thread's objects and buffers, without the shared memories, which the runtime counts too. */
function liveHeapBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return external < heapUsed ? heapUsed - external : heapUsed;
}

/** All garbage of this thread, now; where the runtime lets programs ask for it. */
export function collectGarbage(): void {
  const { Bun, gc } = globalThis as Collector;
  if (Bun !== undefined) Bun.gc(true);
  else gc?.();
}
