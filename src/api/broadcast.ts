/** A value that every task thread reads and that is sent once. Spark's Broadcast. */
import type { BroadcastId } from "../base/ids.ts";
import { FiresteelError } from "../base/errors.ts";
import { type Handle, handleSymbol } from "../closure/contracts.ts";
import type { Driver } from "./driver.ts";

export class Broadcast<T> {
  private held: { readonly value: T } | undefined;

  /** @internal */
  constructor(
    private readonly driver: Driver,
    readonly id: BroadcastId,
    bytes: Uint8Array,
    value: T,
  ) {
    this.held = { value };
    driver.define({ kind: "broadcast", id, bytes: inSharedMemory(bytes) });
  }

  /** Do not change it: tasks of one thread share it. */
  get value(): T {
    if (this.held === undefined)
      throw new FiresteelError("user", `broadcast ${this.id} was destroyed`, { hint: "read it before destroy()" });
    return this.held.value;
  }

  /** Frees the threads' decoded copies; they are made again when needed. */
  unpersist(): void {
    this.driver.release({ kind: "broadcastCopies", id: this.id });
  }

  /** Frees it everywhere. Using it afterwards is an error. */
  destroy(): void {
    this.held = undefined;
    this.driver.release({ kind: "broadcast", id: this.id });
  }

  /** @internal */
  [handleSymbol](): Handle {
    if (this.held === undefined)
      throw new FiresteelError("user", `broadcast ${this.id} was destroyed`, {
        hint: "destroy a broadcast only after the last job that uses it",
      });
    return { handle: "broadcast", id: this.id };
  }
}

/** Messages copy small values faster than memory is shared. */
const sharedBytesMin = 64 * 1024;

/** The same bytes where all threads see them: what is sent to each thread is then a few words. */
function inSharedMemory(bytes: Uint8Array): Uint8Array {
  if (bytes.length < sharedBytesMin) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
