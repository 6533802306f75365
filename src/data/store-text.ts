/** What generated store code calls for cells of varying length: strings beyond short ASCII, and *any* values. */
import { Buffer } from "node:buffer";
import type { Builder } from "./builder.ts";
import { ValueEncoder, type ByteTarget } from "./value-encoder.ts";

/** Writes a string cell as UTF-8. False for lone surrogates, which UTF-8 cannot hold. */
export function writeString(b: Builder, i: number, text: string): boolean {
  if (!text.isWellFormed()) return false;
  const at = b.o[i]!;
  // three bytes a UTF-16 unit at most; long strings are measured, so that they do not triple the buffer
  const room = text.length <= 256 ? text.length * 3 : Buffer.byteLength(text);
  if (at + room > b.u.length) b.reserveBytes(at, room);
  b.o[i + 1] = at + b.u.write(text, at, room, "utf8");
  return true;
}

/** Lets the encoder write straight into a builder's bytes. */
class BuilderTarget implements ByteTarget {
  builder!: Builder;

  grow(encoder: ValueEncoder, needed: number): void {
    const { builder } = this;
    builder.reserveBytes(encoder.at, needed);
    encoder.use(builder.u, builder.d);
  }
}

const target = new BuilderTarget();
const encoder = new ValueEncoder(target);

/** Encodes a value as an *any* cell. False for a value that cannot ship. */
export function writeAny(b: Builder, i: number, value: unknown): boolean {
  target.builder = b;
  encoder.use(b.u, b.d);
  encoder.at = b.o[i]!;
  if (!encoder.tryWrite(value)) return false;
  b.o[i + 1] = encoder.at;
  return true;
}
