/** A piece of kernel memory that grows to what is asked of it. */
import type { Allocator } from "../kernel/allocator.ts";
import { copyBytes } from "../kernel/move.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";

const bytesMin = 1 << 12;
const slackBytesMax = 1 << 16;

export class Room {
  private ptr: Ptr = nullPtr;
  private bytes = 0;

  constructor(private readonly env: { readonly kernels: Kernels; readonly allocator: Allocator }) {}

  /** At least `bytes`; the contents do not survive growing. */
  ensure(bytes: number): Ptr {
    if (bytes > this.bytes || this.ptr === nullPtr) {
      this.free();
      const capacity = Math.max(bytes + Math.min(bytes >>> 2, slackBytesMax), bytesMin);
      this.ptr = this.env.allocator.alloc(capacity);
      this.bytes = capacity;
    }
    return this.ptr;
  }

  /** At least `bytes`, of which the first `used` stay as they are. */
  extend(used: number, bytes: number): Ptr {
    if (used === 0 || bytes <= this.bytes) return this.ensure(bytes);
    const { kernels, allocator } = this.env;
    const capacity = Math.max(bytes, this.bytes * 2);
    const larger = allocator.alloc(capacity);
    copyBytes(kernels, this.ptr, used, larger);
    allocator.free(this.ptr, this.bytes);
    this.ptr = larger;
    this.bytes = capacity;
    return larger;
  }

  free(): void {
    if (this.ptr !== nullPtr) this.env.allocator.free(this.ptr, this.bytes);
    this.ptr = nullPtr;
    this.bytes = 0;
  }
}
