/** Kernel memory for the time of one call. */
import type { Allocator } from "./allocator.ts";
import type { Ptr } from "./ptr.ts";

/** Runs `body` with an allocation of each size and frees them, also when it throws or when an allocation is refused. */
export function withScratch(allocator: Allocator, sizes: readonly number[], body: (ptrs: Ptr[]) => void): void {
  const ptrs: Ptr[] = [];
  try {
    for (const bytes of sizes) ptrs.push(allocator.alloc(bytes));
    body(ptrs);
  } finally {
    ptrs.forEach((ptr, i) => allocator.free(ptr, sizes[i]!));
  }
}
