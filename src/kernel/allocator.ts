/**
 * How operators get kernel memory. Two implementations: the page pool's per-task allocator (`task-memory.ts`), which accounts
 * every byte to its owner, and `BumpAllocator`, a fixed range for tests and benchmarks.
 *
 * `alloc` never waits for ever: when the budget is spent it throws `MemoryRefused`, upon which an operator spills or gives up.
 */
import { type ErrorDetails, FiresteelError } from "../base/errors.ts";
import { asPtr, type Ptr } from "./ptr.ts";

export interface Allocator {
  /** At least `bytes` (> 0), 16-byte aligned, contents undefined. Throws `MemoryRefused`. */
  alloc(bytes: number): Ptr;
  /** `ptr` and `bytes` exactly as they were allocated. */
  free(ptr: Ptr, bytes: number): void;
}

/** The budget is spent. Operators that can spill catch it; for others it ends the task as a resource error. */
export class MemoryRefused extends FiresteelError {
  readonly wantedBytes: number;
  constructor(
    wantedBytes: number,
    message = `engine memory is exhausted: ${wantedBytes} bytes more were wanted`,
    details: ErrorDetails = {},
  ) {
    super("resource", message, details);
    this.wantedBytes = wantedBytes;
  }
}

/** Hands out a fixed range in order and never reuses it. For tests and benchmarks. */
export class BumpAllocator implements Allocator {
  private next: number;
  constructor(
    start: number,
    private readonly end: number,
  ) {
    this.next = Math.ceil(start / 16) * 16;
  }

  alloc(bytes: number): Ptr {
    const at = this.next;
    if (at + bytes > this.end) throw new MemoryRefused(bytes);
    this.next = at + Math.ceil(bytes / 16) * 16;
    return asPtr(at);
  }

  free(): void {}
}
