/** A value that every task thread reads and that is sent once. Spark's Broadcast. */
import type { BroadcastId } from "../base/ids.ts";
import { FiresteelError } from "../base/errors.ts";
import { inspected } from "../base/inspected.ts";
import { type Handle, handleSymbol } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import type { Driver } from "./driver.ts";

/**
 * A value that every task thread reads and that is sent once to each executor. It is freed everywhere when nothing on the driver
 * refers to it any more, neither the job's code nor an Rdd whose functions use it.
 */
export class Broadcast<T> {
  private held: { readonly value: T } | undefined;

  /** @internal */
  constructor(
    private readonly driver: Driver,
    /**
     * Unique among the Context's broadcasts.
     * @example
     * ```ts
     * ctx.broadcast("a").id !== ctx.broadcast("a").id // => true
     * ```
     */
    readonly id: BroadcastId,
    bytes: Uint8Array,
    value: T,
  ) {
    this.held = { value };
    driver.define({ kind: "broadcast", id, bytes: inSharedMemory(bytes) });
    driver.shared.register(this, { kind: "broadcast", id }, this);
  }

  /** @internal */
  [inspected](): string {
    return this.toString();
  }

  /**
   * What it is, in a text, without its value.
   * @example
   * ```ts
   * `${ctx.broadcast([1, 2])}`.startsWith("Broadcast ") // => true
   * ```
   */
  toString(): string {
    return `Broadcast ${this.id}${this.held === undefined ? " (destroyed)" : ""}`;
  }

  /**
   * JSON of a broadcast is that of its value.
   * @throws after `destroy`
   * @example
   * ```ts
   * JSON.stringify({ names: ctx.broadcast(["a", "b"]) }) // => '{"names":["a","b"]}'
   * ```
   */
  toJSON(): T {
    return this.value;
  }

  /**
   * The value. Do not change it: tasks of one thread share it.
   * @memory decoded once in each task thread that reads it
   * @throws after `destroy`
   * @example
   * ```ts
   * const limit = ctx.broadcast({ most: 3 });
   * await ctx.range(9).filter(n => n < limit.value.most).collect() // => [0, 1, 2]
   * ```
   */
  get value(): T {
    if (this.held === undefined)
      throw new FiresteelError("user", `broadcast ${this.id} was destroyed`, {
        hint: "read it before destroy()",
        at: callSite(),
      });
    return this.held.value;
  }

  /**
   * Frees the threads' decoded copies; they are made again when needed.
   * @example
   * ```ts
   * const names = ctx.broadcast(["a", "b"]);
   * names.unpersist();
   * await ctx.range(2).map(i => names.value[i]).collect() // => ["a", "b"]
   * ```
   */
  unpersist(): void {
    void this.driver.release({ kind: "broadcastCopies", id: this.id });
  }

  /**
   * Frees it everywhere. Using it afterwards, on the driver or in a task, is an error.
   * @example
   * ```ts
   * const names = ctx.broadcast(["a", "b"]);
   * await ctx.range(2).map(i => names.value[i]).collect() // => ["a", "b"]
   * names.destroy();
   * ```
   */
  destroy(): void {
    this.held = undefined;
    this.driver.shared.unregister(this);
    void this.driver.release({ kind: "broadcast", id: this.id });
  }

  /** @internal */
  [handleSymbol](): Handle {
    if (this.held === undefined)
      throw new FiresteelError("user", `broadcast ${this.id} was destroyed`, {
        hint: "destroy a broadcast only after the last job that uses it",
        at: callSite(),
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
