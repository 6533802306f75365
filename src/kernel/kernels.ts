/**
 * A thread's view of kernel memory: the shared memory, typed views over it and an instance of the kernel module.
 *
 * The memory is created with its full size (pages are committed by the system when touched), so views never go stale.
 * Every thread makes its own `Kernels` over the same memory and the same compiled module.
 */
import { kernelBytesBase64, type KernelExports } from "./generated.ts";

export const wasmPageBytes = 65536;

export interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly run: KernelExports;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** `bytes` is rounded up to a WASM page; at most 4 GiB. */
export function createKernelMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.min(65536, Math.ceil(bytes / wasmPageBytes));
  return new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
}

export function compileKernels(): WebAssembly.Module {
  return new WebAssembly.Module(decodeBase64(kernelBytesBase64));
}

export function instantiateKernels(memory: WebAssembly.Memory, module: WebAssembly.Module): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, run: instance.exports as unknown as KernelExports, ...viewsOf(memory.buffer) };
}

/** A buffer as the kinds of numbers that lie in it. */
export function viewsOf<Buffer extends ArrayBufferLike>(buffer: Buffer) {
  return {
    u8: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    i64: new BigInt64Array(buffer),
    u64: new BigUint64Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  };
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
