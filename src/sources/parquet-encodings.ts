/**
 * Parquet's encodings of values (Apache Parquet format, "Encodings"). Runs and bit-packed groups give levels and dictionary
 * codes; the delta encodings and byte stream split are turned back into plain encoding, which one reader then reads.
 * Nothing is believed: counts, widths and lengths that do not fit the bytes are plain Errors.
 */
import type { SchemaElement } from "hyparquet";

/** Fills `out` from runs and bit-packed groups of values of `width` ≤ 32 bits. */
export function readHybrid(bytes: Uint8Array, width: number, out: Uint8Array | Int32Array): void {
  const valueBytes = (width + 7) >> 3;
  let at = 0;
  let filled = 0;
  while (filled < out.length) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw new Error("encoded values end too early");
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const count = header >>> 1;
    if (count === 0) throw new Error("an empty run among encoded values");
    if ((header & 1) === 1) {
      const values = Math.min(count * 8, out.length - filled);
      if (at >= bytes.length && width > 0) throw new Error("encoded values end too early");
      unpackBits(bytes, at, width, out, filled, values);
      at += count * width;
      filled += values;
    } else {
      if (at + valueBytes > bytes.length) throw new Error("encoded values end too early");
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= bytes[at++]! << (i * 8);
      const end = Math.min(out.length, filled + count);
      out.fill(value, filled, end);
      filled = end;
    }
  }
}

/** Bits past the end of `bytes` read as zero: writers may leave out the last group's padding. */
function unpackBits(
  bytes: Uint8Array,
  from: number,
  width: number,
  out: Uint8Array | Int32Array,
  start: number,
  count: number,
): void {
  if (width > 24) {
    for (let i = 0; i < count; i++) out[start + i] = Number(bitsAt(bytes, from, i * width, width));
    return;
  }
  const mask = (1 << width) - 1;
  let at = from;
  let bits = 0;
  let held = 0;
  for (let i = start; i < start + count; i++) {
    while (held < width) {
      bits |= bytes[at++]! << held;
      held += 8;
    }
    out[i] = bits & mask;
    bits >>>= width;
    held -= width;
  }
}

/** `width` ≤ 64 bits, `position` bits behind byte `from`. */
function bitsAt(bytes: Uint8Array, from: number, position: number, width: number): bigint {
  let value = 0n;
  for (let taken = 0; taken < width;) {
    const bit = position + taken;
    const take = Math.min(8 - (bit & 7), width - taken);
    const byte = ((bytes[from + (bit >> 3)] ?? 0) >> (bit & 7)) & ((1 << take) - 1);
    value |= BigInt(byte) << BigInt(taken);
    taken += take;
  }
  return value;
}

/** The same `count` values in plain encoding. */
export function toPlain(encoding: string, bytes: Buffer, count: number, element: SchemaElement): Buffer {
  switch (encoding) {
    case "PLAIN":
      return bytes;
    case "RLE": // booleans, behind their length
      return packBooleans(bytes.subarray(4), count);
    case "DELTA_BINARY_PACKED":
      return plainIntegers(new DeltaReader(bytes).read(count), element.type === "INT32" ? 4 : 8);
    case "DELTA_LENGTH_BYTE_ARRAY":
    case "DELTA_BYTE_ARRAY":
      return plainByteArrays(bytes, count, encoding === "DELTA_BYTE_ARRAY", element);
    case "BYTE_STREAM_SPLIT":
      return joinStreams(bytes, count, element);
    default:
      throw new Error(`encoding ${encoding} is not supported`);
  }
}

function packBooleans(bytes: Uint8Array, count: number): Buffer {
  const values = new Uint8Array(count);
  readHybrid(bytes, 1, values);
  const packed = Buffer.alloc((count + 7) >> 3);
  for (let i = 0; i < count; i++) packed[i >> 3]! |= values[i]! << (i & 7);
  return packed;
}

function plainIntegers(values: BigInt64Array, width: 4 | 8): Buffer {
  if (width === 8) return Buffer.from(values.buffer);
  const plain = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i++) plain.writeInt32LE(Number(BigInt.asIntN(32, values[i]!)), i * 4);
  return plain;
}

function plainByteArrays(bytes: Buffer, count: number, hasPrefixes: boolean, element: SchemaElement): Buffer {
  const reader = new DeltaReader(bytes);
  const prefixes = hasPrefixes ? reader.read(count) : undefined;
  const lengths = reader.read(count);
  const isFixed = element.type === "FIXED_LEN_BYTE_ARRAY";
  const pieces: Buffer[] = [];
  let at = reader.at;
  let previous: Buffer = Buffer.alloc(0);
  for (let i = 0; i < count; i++) {
    const prefix = Number(prefixes?.[i] ?? 0);
    const end = at + Number(lengths[i]!);
    if (prefix < 0 || prefix > previous.length || end < at || end > bytes.length)
      throw new Error("encoded strings have impossible lengths");
    const suffix = bytes.subarray(at, end);
    previous = prefix === 0 ? suffix : Buffer.concat([previous.subarray(0, prefix), suffix]);
    at = end;
    if (!isFixed) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(previous.length);
      pieces.push(length);
    }
    pieces.push(previous);
  }
  return Buffer.concat(pieces);
}

function joinStreams(bytes: Buffer, count: number, element: SchemaElement): Buffer {
  const width =
    element.type === "FIXED_LEN_BYTE_ARRAY"
      ? (element.type_length ?? 0)
      : element.type === "INT32" || element.type === "FLOAT"
        ? 4
        : 8;
  if (count * width > bytes.length) throw new Error("encoded values end too early");
  const plain = Buffer.alloc(count * width);
  for (let byte = 0; byte < width; byte++)
    for (let i = 0; i < count; i++) plain[i * width + byte] = bytes[byte * count + i]!;
  return plain;
}

/** DELTA_BINARY_PACKED: blocks of miniblocks of deltas, each of its own bit width. */
class DeltaReader {
  at = 0;
  constructor(private readonly bytes: Buffer) {}

  read(count: number): BigInt64Array {
    const blockValues = Number(this.varint());
    const miniblocks = Number(this.varint());
    const total = Number(this.varint());
    const values = new BigInt64Array(count);
    let value = this.zigzag();
    const miniblockValues = blockValues / miniblocks;
    if (total < count || !Number.isInteger(miniblockValues) || miniblockValues % 32 !== 0 || miniblockValues < 32) {
      throw new Error("a delta encoding has an impossible header");
    }
    let filled = 0;
    if (count > 0) values[filled++] = value;
    // a page's own count may end before what was encoded; the bytes behind it belong to the next part all the same
    for (let read = 1; read < total; read += blockValues) {
      const minDelta = this.zigzag();
      const widths = this.bytes.subarray(this.at, this.at + miniblocks);
      if (widths.length < miniblocks) throw new Error("encoded values end too early");
      this.at += miniblocks;
      for (let m = 0; m < miniblocks && read + m * miniblockValues < total; m++) {
        const width = widths[m]!;
        const bytesHere = (miniblockValues / 8) * width;
        if (width > 64 || this.at >= this.bytes.length + (width === 0 ? 1 : 0))
          throw new Error("encoded values end too early");
        for (let i = 0; i < miniblockValues && filled < count; i++) {
          value = BigInt.asIntN(
            64,
            value + minDelta + (width === 0 ? 0n : bitsAt(this.bytes, this.at, i * width, width)),
          );
          values[filled++] = value;
        }
        this.at += bytesHere;
      }
    }
    return values;
  }

  private varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error("encoded values end too early");
  }

  private zigzag(): bigint {
    const value = this.varint();
    return (value >> 1n) ^ -(value & 1n);
  }
}
