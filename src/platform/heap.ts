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

export class HeapWatch {
  private readonly garbage = new GarbagePacer();
  private nextCheckMs = 0;
  /** Garbage allowed until the next collection. */
  private collectAboveBytes: number;

  constructor(
    readonly limitBytes: number,
    private readonly heapBytes: () => number = liveHeapBytes,
    private readonly collect: () => void = collectGarbage,
  ) {
    this.collectAboveBytes = limitBytes;
  }

  /** Throws kind "resource", naming the operator and its line, when the heap is past the limit. */
  check(operator: string, at?: SourcePosition): void {
    const now = performance.now();
    if (now < this.nextCheckMs) return;
    this.nextCheckMs = now + intervalMs;
    this.garbage.pace(now);
    if (this.heapBytes() <= this.collectAboveBytes) return;
    this.collect();
    const liveBytes = this.heapBytes();
    if (liveBytes > this.limitBytes) throw heapFull(operator, at, liveBytes, this.limitBytes);
    // Close to the limit each collection must be worth its time: let a quarter of the limit pile up before the next.
    this.collectAboveBytes = Math.max(this.limitBytes, liveBytes + this.limitBytes / 4);
  }
}

function heapFull(
  operator: string,
  at: SourcePosition | undefined,
  liveBytes: number,
  limitBytes: number,
): FiresteelError {
  const message = `${operator} filled its thread's JavaScript heap: ${formatBytes(liveBytes)} in use, the limit is ${formatBytes(limitBytes)}`;
  return new FiresteelError("resource", message, {
    hint: "keep less in memory per partition (more partitions, smaller groups), or raise firesteel.task.heapLimit",
    at,
  });
}

/** This thread's objects and buffers, without the shared memories, which the runtime counts too. */
function liveHeapBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return external < heapUsed ? heapUsed - external : heapUsed;
}

function collectGarbage(): void {
  const { Bun, gc } = globalThis as Collector;
  if (Bun !== undefined) Bun.gc(true);
  else gc?.();
}
