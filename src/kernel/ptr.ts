/** Addresses in kernel memory. Only `kernel/`, `codegen/` and `data/` columns hold them. */

declare const brand: unique symbol;

/** A byte address in the process's one shared kernel memory, 0 … 2³² − 1. Never 0 when it points at something. */
export type Ptr = number & { readonly [brand]: "ptr" };

export const nullPtr = 0 as Ptr;

/** `ptr + bytes`. Addresses above 2³¹ come back from WASM negative, hence the `>>> 0`. */
export function offset(ptr: Ptr, bytes: number): Ptr {
  return (ptr + bytes) as Ptr;
}

export function asPtr(value: number): Ptr {
  return (value >>> 0) as Ptr;
}
