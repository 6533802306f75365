/** A thread as tasks have it: it knows bundles and refs, and nothing of the driver's state. */
import { parentPort } from "node:worker_threads";
import type { ClosureRef, JobBundle } from "../../src/closure/contracts.ts";
import { ClosureLoader } from "../../src/closure/instantiate.ts";
import { mapStack } from "../../src/closure/stack.ts";
import { decodeValue, encodeValue } from "../../src/data/value-codec.ts";

export interface Order {
  readonly bundle: JobBundle;
  readonly ref: ClosureRef;
  readonly args: Uint8Array;
  readonly iterate: boolean;
}

export type Answer = { readonly value: Uint8Array } | { readonly message: string; readonly stack: string };

(globalThis as Record<symbol, unknown>)[Symbol.for("firesteel.module")] = {};
const loader = new ClosureLoader();
const resolve = (handle: { id: number }) => ({ value: `broadcast ${handle.id}` });

parentPort?.on("message", async ({ bundle, ref, args, iterate }: Order) => {
  try {
    await loader.load(bundle);
    const fn = loader.instantiate(ref, resolve) as (...args: unknown[]) => unknown;
    const result = fn(...(decodeValue(args) as unknown[]));
    const value = encodeValue(iterate ? [...(result as Iterable<unknown>)] : result);
    parentPort!.postMessage({ value });
  } catch (thrown) {
    const error = thrown as Error;
    parentPort!.postMessage({ message: `${error.name}: ${error.message}`, stack: mapStack(error.stack ?? "") });
  }
});
