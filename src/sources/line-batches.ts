/**
 * Lines as utf8 columns, without a JavaScript string. A column's rows lie side by side, so the line ends are squeezed out
 * of the read buffer in place; the column points into it.
 */
import { type Batch, batchRowsMax } from "../data/column.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { SourceEnv } from "./contracts.ts";

const offsetsBytes = (batchRowsMax + 1) * 4;

export class LineBatches {
  private offsets: Ptr = nullPtr;
  private bytes = new Uint8Array(0);
  private buffer = Buffer.alloc(0);
  private ptr: Ptr = nullPtr;
  private at = 0;
  private repaired: { readonly ptr: Ptr; readonly bytes: number } | undefined;

  constructor(private readonly env: SourceEnv) {}

  get hasLines(): boolean {
    return this.at < this.bytes.length;
  }

  /** Whole lines of well-formed UTF-8, which become this object's to change until the last batch of them. */
  start(ptr: Ptr, length: number): void {
    const { kernels } = this.env;
    this.ptr = ptr;
    this.at = 0;
    this.bytes = kernels.u8.subarray(ptr, ptr + length) as Uint8Array<ArrayBuffer>;
    this.buffer = Buffer.from(this.bytes.buffer, ptr, length);
  }

  /** Lines that had to be decoded first, because some bytes of theirs are not UTF-8. */
  startRepaired(text: string): void {
    this.freeRepaired();
    const encoded = Buffer.from(text);
    this.repaired = { ptr: this.env.allocator.alloc(encoded.length), bytes: encoded.length };
    this.env.kernels.u8.set(encoded, this.repaired.ptr);
    this.start(this.repaired.ptr, encoded.length);
  }

  /** The next lines, valid until the call after; at least one, for `hasLines` holds. */
  next(): Batch {
    const { bytes, buffer, env } = this;
    if (this.offsets === nullPtr) this.offsets = env.allocator.alloc(offsetsBytes);
    const slots = env.kernels.i32.subarray(this.offsets >>> 2, (this.offsets >>> 2) + batchRowsMax + 1);
    const first = this.at;
    let from = first;
    let write = first;
    let rows = 0;
    for (; rows < batchRowsMax && from < bytes.length; rows++) {
      slots[rows] = write - first;
      const feed = buffer.indexOf(10, from);
      let end = feed < 0 ? bytes.length : feed;
      const nextFrom = end + 1;
      if (feed > from && bytes[feed - 1] === 13) end--;
      if (write !== from) bytes.copyWithin(write, from, end);
      write += end - from;
      from = nextFrom;
    }
    slots[rows] = write - first;
    this.at = from;
    env.metrics.add("rowsRead", rows);
    return { rows, root: { kind: "utf8", rows, offsets: this.offsets, bytes: offset(this.ptr, first) } };
  }

  close(): void {
    this.freeRepaired();
    if (this.offsets !== nullPtr) this.env.allocator.free(this.offsets, offsetsBytes);
    this.offsets = nullPtr;
    this.bytes = new Uint8Array(0);
  }

  private freeRepaired(): void {
    if (this.repaired !== undefined) this.env.allocator.free(this.repaired.ptr, this.repaired.bytes);
    this.repaired = undefined;
  }
}
