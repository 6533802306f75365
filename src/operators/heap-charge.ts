/**
 * What an operator keeps in the JavaScript heap, held against its task's memory as if it were there: pages are taken for it and left
 * untouched, so that who keeps too much is refused, and spills, like everybody else; the system has them meanwhile, as the same bytes
 * must not be resident twice. An amount that was refused once is there all the same: it is not asked for again, only what comes on
 * top.
 */
import { prepareRelease, releasePages } from "../platform/system-pages.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Ptr } from "../kernel/ptr.ts";

/** Taken at once; small, since pages of a run lie side by side. */
const pieceBytes = 256 * 1024;

export class HeapCharge {
  private readonly pieces: Ptr[] = [];
  private refusedBytes = 0;

  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly allocator: Allocator,
  ) {}

  /** Throws `MemoryRefused` when there is no room for as much. */
  raiseTo(bytes: number): void {
    void prepareRelease();
    while (this.pieces.length * pieceBytes + this.refusedBytes + pieceBytes <= bytes) {
      try {
        const piece = this.allocator.alloc(pieceBytes);
        this.pieces.push(piece);
        releasePages(this.memory.buffer, piece, pieceBytes);
      } catch (thrown) {
        this.refusedBytes = bytes - this.pieces.length * pieceBytes;
        throw thrown;
      }
    }
  }

  free(): void {
    for (const piece of this.pieces) this.allocator.free(piece, pieceBytes);
    this.pieces.length = 0;
    this.refusedBytes = 0;
  }
}
