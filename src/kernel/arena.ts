/**
 * Memory that is freed all at once: allocations are cut from chunks of a parent allocator one after the other, `reset` makes
 * the space free for the next batch and keeps the largest chunk, `close` gives everything back. `free` does nothing.
 */
import { type Allocator, MemoryRefused } from "./allocator.ts";
import { asPtr, type Ptr } from "./ptr.ts";

interface Chunk {
  readonly ptr: Ptr;
  readonly bytes: number;
}

const chunkBytesMin = 64 * 1024;

export class Arena implements Allocator {
  private chunks: Chunk[] = [];
  private next = 0;
  private end = 0;
  usedBytes = 0;

  constructor(private readonly parent: Allocator) {}

  alloc(bytes: number): Ptr {
    const rounded = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (this.next + rounded > this.end) this.addChunk(rounded);
    const at = this.next;
    this.next += rounded;
    this.usedBytes += rounded;
    return asPtr(at);
  }

  free(): void {}

  /** Forgets all allocations. Keeps one chunk that is as large as all were together, so that a steady user allocates nothing. */
  reset(): void {
    const total = this.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    if (this.chunks.length > 1) {
      this.close();
      this.wantedBytes = total;
      return;
    }
    this.usedBytes = 0;
    this.next = this.chunks[0]?.ptr ?? 0;
  }

  /** The same, and keeps the first chunk alone. */
  shrink(): void {
    for (const { ptr, bytes } of this.chunks.splice(1)) this.parent.free(ptr, bytes);
    this.end = this.chunks.length === 0 ? 0 : this.chunks[0]!.ptr + this.chunks[0]!.bytes;
    this.usedBytes = 0;
    this.next = this.chunks[0]?.ptr ?? 0;
  }

  close(): void {
    for (const { ptr, bytes } of this.chunks) this.parent.free(ptr, bytes);
    this.chunks = [];
    this.next = 0;
    this.end = 0;
    this.usedBytes = 0;
  }

  private wantedBytes = 0;

  private addChunk(bytes: number): void {
    const last = this.chunks[this.chunks.length - 1]?.bytes ?? 0;
    const size = Math.max(chunkBytesMin, bytes, Math.min(last * 2, 1 << 22), this.wantedBytes);
    this.wantedBytes = 0;
    const chunk = this.claim(size, Math.max(chunkBytesMin, bytes));
    this.chunks.push(chunk);
    this.next = chunk.ptr;
    this.end = chunk.ptr + chunk.bytes;
  }

  /** As much as is good; as much as is needed when that is refused. */
  private claim(bytes: number, neededBytes: number): Chunk {
    try {
      return { ptr: this.parent.alloc(bytes), bytes };
    } catch (thrown) {
      if (!(thrown instanceof MemoryRefused) || bytes === neededBytes) throw thrown;
      return { ptr: this.parent.alloc(neededBytes), bytes: neededBytes };
    }
  }
}
