/** What generated store code calls for cells of varying length: strings beyond short ASCII, and *any* values. */
import { Buffer } from "node:buffer";
import type { Builder } from "./builder.ts";
import { writeShortUtf8, writeUtf8 } from "./text-bytes.ts";
import { ValueEncoder, type ByteTarget } from "./value-encoder.ts";

/** Longer strings are better written by the runtime than in a loop. */
export const shortUnitsMax = 16;

/** Writes a string cell as UTF-8. False for lone surrogates, which UTF-8 cannot hold. */
export function writeString(b: Builder, i: number, text: string): boolean {
  const at = b.o[i]!;
  if (text.length <= shortUnitsMax) {
    if (at + text.length * 3 > b.u.length) b.reserveBytes(at, text.length * 3);
    const end = writeShortUtf8(b.u, text, at);
    if (end >= 0) {
      b.o[i + 1] = end;
      return true;
    }
  }
  if (!text.isWellFormed()) return false;
  // three bytes a UTF-16 unit at most; long strings are measured, so that they do not triple the buffer
  const room = text.length <= 256 ? text.length * 3 : Buffer.byteLength(text);
  if (at + room > b.u.length) b.reserveBytes(at, room);
  b.o[i + 1] = at + writeUtf8(b.u, text, at, room);
  return true;
}

/** Lets an encoder write straight into a builder's bytes. */
class CellEncoder implements ByteTarget {
  private builder!: Builder;
  private readonly encoder = new ValueEncoder(this);
  busy = false;

  grow(encoder: ValueEncoder, needed: number): void {
    const { builder } = this;
    builder.reserveBytes(encoder.at, needed);
    encoder.use(builder.u, builder.d);
  }

  write(b: Builder, i: number, value: unknown): boolean {
    const { encoder } = this;
    this.builder = b;
    this.busy = true;
    try {
      encoder.use(b.u, b.d);
      encoder.at = b.o[i]!;
      if (!encoder.tryWrite(value)) return false;
      b.o[i + 1] = encoder.at;
      return true;
    } finally {
      this.busy = false;
    }
  }
}

const cellEncoder = new CellEncoder();

/** Encodes a value as an *any* cell. False for a value that cannot ship. */
export function writeAny(b: Builder, i: number, value: unknown): boolean {
  // asking for memory may make other operators spill, and write cells meanwhile
  return (cellEncoder.busy ? new CellEncoder() : cellEncoder).write(b, i, value);
}
