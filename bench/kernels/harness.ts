/**
 * How a kernel is timed: beside a plain JavaScript loop and, where a C compiler is at hand, a C program of the same
 * algorithm. All three return the same checksum of their result, so that a fast wrong answer cannot pass for a fast one.
 *
 * A `*.bench.ts` file exports `cases: readonly BenchCase[]`. The C program prints its median nanoseconds and its checksum.
 */
import { spawnSync } from "node:child_process";
import { Bench } from "tinybench";
import { BumpAllocator, type Allocator } from "../../src/kernel/allocator.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { compileKernels, createKernelMemory, instantiateKernels, type Kernels } from "../../src/kernel/kernels.ts";
import type { Timing } from "../measure.ts";
import type { KernelResult } from "../results.ts";
import type { Scratch } from "../scratch.ts";

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

const sampleMs = 100;
const quickSampleMs = 40;
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
export async function runCase(
  benchCase: BenchCase,
  options: { readonly quick: boolean; readonly scratch: Scratch },
): Promise<KernelResult> {
  const runs = benchCase.prepare();
  const [kernel, js] = await measureInTurn(runs, options.quick);
  const native =
    options.quick || benchCase.native === undefined ? undefined : runNative(options.scratch, benchCase.native);
  for (const [who, checksum] of [
    ["JavaScript", js.checksum],
    ["C", native?.checksum],
  ] as const) {
    if (checksum !== undefined && !Object.is(checksum, kernel.checksum)) {
      throw new Error(`${benchCase.name}: the kernel's checksum is ${kernel.checksum}, that of ${who} ${checksum}`);
    }
  }
  return {
    name: benchCase.name,
    kernel: kernel.timing,
    jsLoop: js.timing,
    c: native === undefined ? undefined : native.ms / 1000,
  };
}

interface Measured {
  readonly timing: Timing;
  readonly checksum: number;
}

/** Twice each, so that other load on the machine spoils both or neither. */
async function measureInTurn({ kernel, jsLoop }: BenchRuns, quick: boolean): Promise<[Measured, Measured]> {
  const first = [await measure(kernel, quick), await measure(jsLoop, quick)] as const;
  return [merged(first[0], await measure(kernel, quick)), merged(first[1], await measure(jsLoop, quick))];
}

function merged(a: Measured, b: Measured): Measured {
  if (!Object.is(a.checksum, b.checksum))
    throw new Error(`two runs gave the checksums ${a.checksum} and ${b.checksum}`);
  const timing: Timing = {
    seconds: (a.timing.seconds + b.timing.seconds) / 2,
    min: Math.min(a.timing.min, b.timing.min),
    max: Math.max(a.timing.max, b.timing.max),
    runs: a.timing.runs + b.timing.runs,
  };
  return { timing, checksum: a.checksum };
}

/** One call's time. The first calls warm the compiler up; slow functions are called fewer times. */
export async function measure(run: () => number, quick: boolean): Promise<Measured> {
  const started = performance.now();
  const checksum = run();
  const firstMs = performance.now() - started;
  const slow = firstMs > slowMs;
  const bench = new Bench({
    time: slow ? 0 : quick ? quickSampleMs : sampleMs,
    iterations: slow ? (quick || firstMs > 5 * slowMs ? 1 : 3) : 5,
    warmupTime: slow ? 0 : 10,
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
  const { p50, min, max, samplesCount } = result.latency;
  return { timing: { seconds: p50 / 1000, min: min / 1000, max: max / 1000, runs: samplesCount }, checksum };
}

/** Undefined where there is no compiler. The program prints its median nanoseconds and its checksum. */
export function runNative(
  scratch: Scratch,
  twin: NativeTwin,
  flags?: readonly string[],
): { readonly ms: number; readonly checksum: number } | undefined {
  const program = scratch.program(`native/${twin.source}`, flags);
  if (program === undefined) return undefined;
  const ran = spawnSync(program, twin.args ?? [], { encoding: "utf8" });
  const [nanoseconds, checksum] = (ran.stdout ?? "").trim().split(/\s+/).map(Number);
  if (ran.status !== 0 || nanoseconds === undefined || checksum === undefined) {
    throw new Error(`${twin.source} ${(twin.args ?? []).join(" ")} failed: ${ran.stdout}${ran.stderr}`);
  }
  return { ms: nanoseconds / 1e6, checksum };
}
