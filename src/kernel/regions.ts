/**
 * What tables do with the regions of memory that they own: allocate several or none, clear, and move to a larger one. Long
 * ones go in several kernel calls, so that none takes long.
 */
import type { Allocator } from "./allocator.ts";
import type { Kernels } from "./kernels.ts";
import { offset, type Ptr } from "./ptr.ts";

const callBytes = 8 << 20;

/** One region per size. When one is refused, those before it are given back and the refusal is thrown on. */
export function allocAll(allocator: Allocator, sizes: readonly number[]): Ptr[] {
  const regions: Ptr[] = [];
  try {
    for (const bytes of sizes) regions.push(allocator.alloc(bytes));
  } catch (error) {
    regions.forEach((region, i) => allocator.free(region, sizes[i]!));
    throw error;
  }
  return regions;
}

export function clear(kernels: Kernels, ptr: Ptr, bytes: number): void {
  for (let at = 0; at < bytes; at += callBytes) kernels.run.fill1(offset(ptr, at), Math.min(callBytes, bytes - at), 0);
}

export function move(kernels: Kernels, from: Ptr, bytes: number, to: Ptr): void {
  for (let at = 0; at < bytes; at += callBytes) {
    kernels.run.copyBytes(offset(from, at), Math.min(callBytes, bytes - at), offset(to, at));
  }
}
