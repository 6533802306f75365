/**
 * Columns of strings as lines of a file, without JavaScript strings: a kernel puts them, with their newlines, into a buffer of
 * kernel memory, which is written when it is full. The buffer is there when memory allows; `release` gives it back.
 */
import type { BytesColumn } from "../data/column.ts";
import { type Allocator, MemoryRefused } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { joinLines } from "../kernel/move.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";

const bufferBytes = 256 * 1024;

export class LineBuffer {
  private buffer: Ptr | undefined;
  private used = 0;

  /** `write` takes bytes of kernel memory to the file. */
  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
    private readonly write: (bytes: Uint8Array) => void,
  ) {}

  get heldBytes(): number {
    return this.buffer === undefined ? 0 : bufferBytes;
  }

  /** Adds some first rows of the column as lines; how many. None when there is no memory, or where a line is longer than the buffer. */
  add(column: BytesColumn): number {
    const { kernels } = this;
    const { rows, offsets, bytes } = column;
    if (!this.ready()) return 0;
    for (let done = 0; ;) {
      const [from, to] = [offset(offsets, done * 4), offset(this.buffer!, this.used)];
      const lines = joinLines(kernels, from, bytes, rows - done, to, bufferBytes - this.used);
      const words = offsets / 4 + done;
      this.used += kernels.u32[words + lines]! - kernels.u32[words]! + lines;
      done += lines;
      if (done === rows || this.used === 0) return done;
      this.flush();
    }
  }

  /** Writes what waits. */
  flush(): void {
    const { buffer, used } = this;
    this.used = 0;
    if (buffer !== undefined && used > 0) this.write(this.kernels.u8.subarray(buffer, buffer + used));
  }

  /** Frees the buffer; what waits in it is gone. */
  release(): void {
    if (this.buffer !== undefined) this.allocator.free(this.buffer, bufferBytes);
    this.buffer = undefined;
    this.used = 0;
  }

  private ready(): boolean {
    if (this.buffer !== undefined) return true;
    try {
      this.buffer = this.allocator.alloc(bufferBytes);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof MemoryRefused)) throw thrown;
      return false;
    }
  }
}
