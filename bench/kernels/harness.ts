/**
 * How a kernel is timed: beside a plain JavaScript loop and, where a C compiler is at hand, a C program of the same
 * algorithm. All three return the same checksum of their result, so that a fast wrong answer cannot pass for a fast one.
 *
 * A `*.bench.ts` file exports `cases: readonly BenchCase[]`. The C program prints its median nanoseconds and its checksum.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Bench } from "tinybench";
import { BumpAllocator, type Allocator } from "../../src/kernel/allocator.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { compileKernels, createKernelMemory, instantiateKernels, type Kernels } from "../../src/kernel/kernels.ts";

export interface BenchCase {
  /** Unique: family, shape, size ("group f64 1M"). The key in bench/limits.json. */
  readonly name: string;
  /** Makes the input. What it returns is dropped after the case, so that cases do not add up. */
  readonly prepare: () => BenchRuns;
  readonly native?: NativeTwin;
}

/** Each run starts from the same input and returns the checksum of its result. */
export interface BenchRuns {
  readonly kernel: () => number;
  readonly jsLoop: () => number;
}

export interface NativeTwin {
  /** A file in bench/native. */
  readonly source: string;
  readonly args?: readonly string[];
}

export interface BenchResult {
  readonly name: string;
  readonly kernelMs: number;
  readonly jsMs: number;
  readonly nativeMs: number | undefined;
}

const root = join(import.meta.dirname, "../..");
const sampleMs = 150;
const slowMs = 200;

let module: WebAssembly.Module | undefined;

/** Kernels over a fresh memory of `bytes` and an allocator of all of it. */
export function benchMemory(bytes: number): { readonly kernels: Kernels; readonly allocator: Allocator } {
  module ??= compileKernels();
  const kernels = instantiateKernels(createKernelMemory(bytes), module);
  return { kernels, allocator: new RecyclingAllocator(new BumpAllocator(64, Math.ceil(bytes / 65536) * 65536)) };
}

/** Gives freed regions out again to requests of the same size, as the page pool would: runs do not meet fresh pages. */
class RecyclingAllocator implements Allocator {
  private readonly freed = new Map<number, Ptr[]>();
  constructor(private readonly inner: Allocator) {}

  alloc(bytes: number): Ptr {
    return this.freed.get(bytes)?.pop() ?? this.inner.alloc(bytes);
  }

  free(ptr: Ptr, bytes: number): void {
    const same = this.freed.get(bytes);
    if (same === undefined) this.freed.set(bytes, [ptr]);
    else same.push(ptr);
  }
}

/** A checksum of values 0, stride, 2 × stride …: enough to tell a wrong result, too little to be timed. */
export function sample(values: ArrayLike<number>, from: number, n: number, stride = 997): number {
  let sum = 0;
  for (let i = 0; i < n; i += stride) sum += values[from + i]! * ((i % 7) + 1);
  return sum;
}

/** Key i of `keys` different ones, scattered; bench/native/bench.h has the same one. */
export function scatteredKey(i: number, keys: number): number {
  let x = Math.imul(i + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  return ((x ^ (x >>> 13)) >>> 0) % keys;
}

/** Word `key` of a vocabulary, 1 … 10 letters; bench/native/bench.h has the same ones. */
export function wordOf(key: number): string {
  return String((key * 7919) >>> 0);
}

/** `quick` is for the guard: slow functions once or twice, and no C. */
export async function runCase(benchCase: BenchCase, options: { readonly quick: boolean }): Promise<BenchResult> {
  const runs = benchCase.prepare();
  const kernel = await measure(runs.kernel, options.quick);
  const js = await measure(runs.jsLoop, options.quick);
  const native = options.quick || benchCase.native === undefined ? undefined : runNative(benchCase.native);
  for (const [who, checksum] of [
    ["JavaScript", js.checksum],
    ["C", native?.checksum],
  ] as const) {
    if (checksum !== undefined && !Object.is(checksum, kernel.checksum)) {
      throw new Error(`${benchCase.name}: the kernel's checksum is ${kernel.checksum}, that of ${who} ${checksum}`);
    }
  }
  return { name: benchCase.name, kernelMs: kernel.ms, jsMs: js.ms, nativeMs: native?.ms };
}

/** Median milliseconds of one call. The first calls warm the compiler up; slow functions are called fewer times. */
async function measure(run: () => number, quick: boolean): Promise<{ readonly ms: number; readonly checksum: number }> {
  const started = performance.now();
  const checksum = run();
  const firstMs = performance.now() - started;
  const slow = firstMs > slowMs;
  const bench = new Bench({
    time: slow ? 0 : sampleMs,
    iterations: slow ? (quick || firstMs > 5 * slowMs ? 1 : 3) : 5,
    warmupTime: slow ? 0 : 20,
    warmupIterations: slow ? 0 : 3,
  });
  let last = checksum;
  bench.add(
    "run",
    () => {
      last = run();
    },
    { async: false },
  );
  await bench.run();
  const result = bench.tasks[0]!.result;
  if (result.state !== "completed") throw new Error(`a benchmark run ended as ${result.state}`, { cause: result });
  if (!Object.is(last, checksum)) throw new Error(`two runs gave the checksums ${checksum} and ${last}`);
  return { ms: result.latency.p50, checksum };
}

let compiler: string | undefined | null = null;

function findCompiler(): string | undefined {
  compiler ??= ["gcc", "clang", "cc"].find(name => spawnSync(name, ["--version"]).status === 0);
  return compiler;
}

/** Undefined where there is no compiler. Without contraction to fused multiply-adds C rounds as WASM does. */
function runNative(twin: NativeTwin): { readonly ms: number; readonly checksum: number } | undefined {
  const cc = findCompiler();
  if (cc === undefined) return undefined;
  const source = join(root, "bench/native", twin.source);
  const folder = join(root, "build/native");
  const program = join(folder, twin.source.replace(/\.c$/, ""));
  const headers = readdirSync(join(root, "bench/native")).filter(file => file.endsWith(".h"));
  const inputs = [source, import.meta.filename, ...headers.map(file => join(root, "bench/native", file))];
  if (!existsSync(program) || inputs.some(file => statSync(file).mtimeMs > statSync(program).mtimeMs)) {
    mkdirSync(folder, { recursive: true });
    const built = spawnSync(cc, ["-O3", "-march=native", "-ffp-contract=off", "-o", program, source, "-lm"], {
      encoding: "utf8",
    });
    if (built.status !== 0) throw new Error(`${cc} could not compile ${twin.source}:\n${built.stderr}`);
  }
  const ran = spawnSync(program, twin.args ?? [], { encoding: "utf8" });
  const [nanoseconds, checksum] = (ran.stdout ?? "").trim().split(/\s+/).map(Number);
  if (ran.status !== 0 || nanoseconds === undefined || checksum === undefined) {
    throw new Error(`${twin.source} ${(twin.args ?? []).join(" ")} failed: ${ran.stdout}${ran.stderr}`);
  }
  return { ms: nanoseconds / 1e6, checksum };
}
