/** Kernel memory for the tests of this folder, and an allocator that knows what is not freed. */
import { type Allocator, MemoryRefused } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels, type Kernels } from "../../src/kernel/kernels.ts";
import { asPtr, type Ptr } from "../../src/kernel/ptr.ts";

const memoryBytes = 64 << 20;
export const testKernels: Kernels = instantiateKernels(createKernelMemory(memoryBytes), compileKernels());

/** First fit over the test memory; checks that what is freed was allocated so, and fills memory with rubbish both times. */
export class CheckedAllocator implements Allocator {
  readonly live = new Map<Ptr, number>();
  liveBytes = 0;
  private readonly free_: Map<number, Ptr[]> = new Map();
  private next = 65536;

  constructor(public limitBytes = memoryBytes) {}

  alloc(bytes: number): Ptr {
    if (!(bytes > 0) || !Number.isInteger(bytes)) throw new Error(`alloc(${bytes})`);
    if (this.liveBytes + bytes > this.limitBytes) throw new MemoryRefused(bytes);
    const size = sizeClass(bytes);
    const ptr = this.free_.get(size)?.pop() ?? this.fresh(size);
    this.live.set(ptr, bytes);
    this.liveBytes += bytes;
    testKernels.u8.fill(0xa5, ptr, ptr + bytes);
    return ptr;
  }

  private fresh(size: number): Ptr {
    const ptr = asPtr(this.next);
    if (this.next + size > memoryBytes) throw new MemoryRefused(size);
    this.next += size;
    return ptr;
  }

  free(ptr: Ptr, bytes: number): void {
    if (this.live.get(ptr) !== bytes)
      throw new Error(`free(${ptr}, ${bytes}) of what was allocated as ${this.live.get(ptr)}`);
    this.live.delete(ptr);
    this.liveBytes -= bytes;
    testKernels.u8.fill(0x5a, ptr, ptr + bytes);
    const size = sizeClass(bytes);
    this.free_.set(size, [...(this.free_.get(size) ?? []), ptr]);
  }
}

function sizeClass(bytes: number): number {
  return 2 ** Math.max(4, Math.ceil(Math.log2(bytes)));
}
