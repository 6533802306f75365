/**
 * Functions of the C library, for the few things that a runtime has no name for. Bun on Linux and macOS; elsewhere, and where the
 * library has another name, there are none and callers do without.
 */
import type { FFIFunction, Library, Pointer } from "bun:ffi";

const libraries: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};

export interface Libc<Functions extends Record<string, FFIFunction>> {
  readonly call: Library<Functions>["symbols"];
  /** The address of an array, which the caller keeps alive. */
  readonly addressOf: (array: NodeJS.TypedArray) => Pointer;
}

export async function openLibc<const Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Promise<Libc<Functions> | undefined> {
  const library = libraries[process.platform];
  if (typeof Bun === "undefined" || library === undefined) return undefined;
  try {
    const { dlopen, ptr } = await import("bun:ffi");
    return { call: dlopen(library, functions).symbols, addressOf: array => ptr(array) };
  } catch {
    return undefined;
  }
}
