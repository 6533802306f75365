/**
 * An arena over memory that was set aside when there was some, for work that must go on when there is none: spilling. What does
 * not fit is asked of the parent. `mark` and `release` bracket a piece of work, and may nest; `free` does nothing.
 */
import type { Allocator } from "./allocator.ts";
import { pageBytes } from "./control-area.ts";
import { asPtr, type Ptr } from "./ptr.ts";

export interface ArenaMark {
  readonly at: number;
  readonly overflows: number;
  readonly spareTaken: boolean;
}

export class ReservedArena implements Allocator {
  private readonly region: Ptr;
  private at: number;
  /** For one allocation that is larger than usual. */
  private spare: { readonly ptr: Ptr; readonly bytes: number } | undefined;
  private spareTaken = false;
  private readonly overflow: { readonly ptr: Ptr; readonly bytes: number }[] = [];

  constructor(
    private readonly parent: Allocator,
    private readonly reservedBytes: number,
    /** For what does not fit. */
    private readonly beyond: Allocator = parent,
  ) {
    this.region = parent.alloc(reservedBytes);
    this.at = this.region;
  }

  /** Sets memory aside for one allocation of so many bytes. Throws `MemoryRefused`, and has what it had then. */
  reserveOne(bytes: number): void {
    if (bytes <= Math.max(this.reservedBytes, this.spare?.bytes ?? 0) || this.spareTaken) return;
    // whole pages, as it takes anyway: what is made of a large row is often a little larger
    const wanted = Math.ceil(bytes / pageBytes) * pageBytes;
    const spare = { ptr: this.parent.alloc(wanted), bytes: wanted };
    this.freeSpare();
    this.spare = spare;
  }

  /** What can still be had of what was set aside. */
  get leftBytes(): number {
    return this.region + this.reservedBytes - this.at;
  }

  alloc(bytes: number): Ptr {
    const rounded = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (this.at + rounded <= this.region + this.reservedBytes) {
      const ptr = asPtr(this.at);
      this.at += rounded;
      return ptr;
    }
    if (this.spare !== undefined && !this.spareTaken && rounded <= this.spare.bytes) {
      this.spareTaken = true;
      return this.spare.ptr;
    }
    const ptr = this.beyond.alloc(rounded);
    this.overflow.push({ ptr, bytes: rounded });
    return ptr;
  }

  free(): void {}

  mark(): ArenaMark {
    return { at: this.at, overflows: this.overflow.length, spareTaken: this.spareTaken };
  }

  /** Frees what was allocated since the mark. */
  release(mark: ArenaMark): void {
    this.at = mark.at;
    this.spareTaken = mark.spareTaken;
    while (this.overflow.length > mark.overflows) {
      const { ptr, bytes } = this.overflow.pop()!;
      this.beyond.free(ptr, bytes);
    }
  }

  close(): void {
    this.release({ at: this.region, overflows: 0, spareTaken: false });
    this.freeSpare();
    this.parent.free(this.region, this.reservedBytes);
  }

  private freeSpare(): void {
    if (this.spare !== undefined) this.parent.free(this.spare.ptr, this.spare.bytes);
    this.spare = undefined;
  }
}
