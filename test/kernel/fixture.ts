/**
 * What the kernel tests share: kernels over a fresh memory, columns put into it, an allocator that counts and refuses, and
 * seeded properties. A property that fails says its seed; `FIRESTEEL_SEED=n bun test …` runs that seed alone.
 */
import { BumpAllocator, MemoryRefused, type Allocator } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels, type Kernels } from "../../src/kernel/kernels.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { Random } from "../../src/base/random.ts";

const mebibyte = 1 << 20;
let compiled: WebAssembly.Module | undefined;

export interface Fixture {
  readonly kernels: Kernels;
  readonly allocator: BudgetAllocator;
}

export interface FixtureOptions {
  /** Size of the memory; the system commits only what is touched. */
  readonly bytes?: number;
  /** First address handed out: beyond 2 GiB to see that pointers are treated as unsigned. */
  readonly start?: number;
  /** Bytes that may be outstanding at once. */
  readonly budgetBytes?: number;
}

/** First address of tests that want pointers with the sign bit set. */
export const beyondTwoGiB = 2.2 * 1024 * mebibyte;

export function fixture(options: FixtureOptions = {}): Fixture {
  const start = options.start ?? 64;
  const bytes = options.bytes ?? start + 64 * mebibyte;
  return {
    kernels: kernelsOver(bytes),
    allocator: new BudgetAllocator(new BumpAllocator(start, bytes), options.budgetBytes ?? Infinity),
  };
}

/** Memories that the cases of a property share, by size: making one takes longer than most cases do. */
let shared: { readonly made: Map<number, Kernels>; readonly taken: Set<number> } | undefined;
const usesMax = 50;

/** The first of each size that a case asks for may hold what another case left. */
function kernelsOver(bytes: number): Kernels {
  compiled ??= compileKernels();
  const kernels = shared?.taken.has(bytes) === false ? shared.made.get(bytes) : undefined;
  shared?.taken.add(bytes);
  if (kernels !== undefined) return kernels;
  const made = instantiateKernels(createKernelMemory(bytes), compiled);
  shared?.made.set(bytes, made);
  return made;
}

/** Knows what is outstanding, refuses beyond a budget, and refuses frees that match no allocation. */
export class BudgetAllocator implements Allocator {
  private readonly live = new Map<Ptr, number>();
  outstandingBytes = 0;
  refusals = 0;
  constructor(
    private readonly inner: Allocator,
    public budgetBytes: number,
  ) {}

  /** For a test's own columns: outside the budget, never freed. */
  put(bytes: number): Ptr {
    return this.inner.alloc(bytes);
  }

  alloc(bytes: number): Ptr {
    if (!(bytes > 0)) throw new Error(`alloc(${bytes})`);
    if (this.outstandingBytes + bytes > this.budgetBytes) {
      this.refusals++;
      throw new MemoryRefused(bytes);
    }
    const ptr = this.inner.alloc(bytes);
    this.live.set(ptr, bytes);
    this.outstandingBytes += bytes;
    return ptr;
  }

  free(ptr: Ptr, bytes: number): void {
    const was = this.live.get(ptr);
    if (was !== bytes) throw new Error(`free(${ptr}, ${bytes}) of an allocation of ${was}`);
    this.live.delete(ptr);
    this.outstandingBytes -= bytes;
    this.inner.free(ptr, bytes);
  }
}

export function putF64({ kernels, allocator }: Fixture, values: ArrayLike<number>): Ptr {
  const ptr = allocator.put(Math.max(8, values.length * 8));
  kernels.f64.set(values, ptr / 8);
  return ptr;
}

/** Also for i32: negative values wrap. */
export function putU32({ kernels, allocator }: Fixture, values: ArrayLike<number>): Ptr {
  const ptr = allocator.put(Math.max(4, values.length * 4));
  kernels.u32.set(values, ptr / 4);
  return ptr;
}

/** Also for i64: negative values wrap. */
export function putU64({ kernels, allocator }: Fixture, values: ArrayLike<bigint>): Ptr {
  const ptr = allocator.put(Math.max(8, values.length * 8));
  for (let i = 0; i < values.length; i++) kernels.u64[ptr / 8 + i] = values[i]!;
  return ptr;
}

export function putBytes({ kernels, allocator }: Fixture, bytes: Uint8Array): Ptr {
  const ptr = allocator.put(Math.max(1, bytes.length));
  kernels.u8.set(bytes, ptr);
  return ptr;
}

/** A utf8 column: i32[n + 1] offsets and the bytes, with `before` bytes of something else in front of the first string. */
export function putStrings(to: Fixture, strings: readonly string[], before = 0): { offsets: Ptr; bytes: Ptr } {
  const encoded = strings.map(text => Buffer.from(text, "utf8"));
  const offsets = [before];
  for (const one of encoded) offsets.push(offsets[offsets.length - 1]! + one.length);
  return { offsets: putU32(to, offsets), bytes: putBytes(to, Buffer.concat([Buffer.alloc(before, 0xee), ...encoded])) };
}

export function getF64({ kernels }: Fixture, ptr: Ptr, n: number): number[] {
  return Array.from(kernels.f64.subarray(ptr / 8, ptr / 8 + n));
}

export function getU32({ kernels }: Fixture, ptr: Ptr, n: number): number[] {
  return Array.from(kernels.u32.subarray(ptr / 4, ptr / 4 + n));
}

export function getI32({ kernels }: Fixture, ptr: Ptr, n: number): number[] {
  return Array.from(kernels.i32.subarray(ptr / 4, ptr / 4 + n));
}

export function getU64({ kernels }: Fixture, ptr: Ptr, n: number): bigint[] {
  return Array.from(kernels.u64.subarray(ptr / 8, ptr / 8 + n));
}

function runSeed(seed: number, body: (random: Random, seed: number) => void): void {
  try {
    body(new Random(seed), seed);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Runs `body` with `seeds` different generators. */
export function property(seeds: number, body: (random: Random, seed: number) => void): void {
  const only = process.env["FIRESTEEL_SEED"];
  const first = only === undefined ? 1 : Number(only);
  const cases = (shared = { made: new Map<number, Kernels>(), taken: new Set<number>() });
  try {
    for (let seed = first; seed < first + (only === undefined ? seeds : 1); seed++) {
      cases.taken.clear();
      if (seed % usesMax === 0) cases.made.clear();
      runSeed(seed, body);
    }
  } finally {
    shared = undefined;
  }
}

/** Numbers that break things, for mixing into random columns. */
export const awkwardNumbers: readonly number[] = [
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  -(2 ** 31),
  2 ** 31 - 1,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  5e-324,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  0.1,
  1 / 3,
];

/** Strings that break things: empty, NUL inside and at the end, non-ASCII, lengths around 4, 8, 16 and 32. */
export const awkwardStrings: readonly string[] = [
  "",
  "\0",
  "\0\0",
  "a",
  "a\0",
  "ab",
  "abc",
  "abcd",
  "abcde",
  "abcdefg",
  "abcdefgh",
  "abcdefghi",
  "é",
  "日本語",
  "🔥🔥",
  "x".repeat(15),
  "x".repeat(16),
  "x".repeat(17),
  "x".repeat(31),
  "x".repeat(32),
  "x".repeat(33),
  "x".repeat(100),
];
