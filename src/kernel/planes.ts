/**
 * Bytes of 8-byte words by their place in the word, so that a compressor finds the alike ones together. For at most a page: longer
 * data is cut by the caller.
 */
import { invariant } from "../base/assert.ts";
import { pageBytes } from "./control-area.ts";
import type { Kernels } from "./kernels.ts";
import type { Ptr } from "./ptr.ts";

/** Whether the n bytes look like numbers, which compress better by planes; text does not. */
export function planesPay(kernels: Kernels, src: Ptr, n: number): boolean {
  return kernels.run.planesPay(src, n) !== 0;
}

/** Writes n bytes at `dst`, which overlaps nothing. */
export function splitPlanes(kernels: Kernels, src: Ptr, n: number, dst: Ptr): void {
  invariant(n <= pageBytes, `planes of ${n} bytes, the most is ${pageBytes}`);
  kernels.run.splitPlanes(src, n, dst);
}

/** Undoes `splitPlanes`. */
export function joinPlanes(kernels: Kernels, src: Ptr, n: number, dst: Ptr): void {
  invariant(n <= pageBytes, `planes of ${n} bytes, the most is ${pageBytes}`);
  kernels.run.joinPlanes(src, n, dst);
}
