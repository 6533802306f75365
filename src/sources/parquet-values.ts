/**
 * Plain-encoded Parquet values as JavaScript values, by the column's logical type. An INT64 is a number when it is a safe
 * integer and a bigint otherwise, value by value, so the same value is the same key in every file. Decimals are the nearest
 * number. Timestamps and dates are kept as milliseconds here; the reader makes a Date for each row.
 */
import { isAscii } from "node:buffer";
import type { SchemaElement } from "hyparquet";
import { convert, DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { readPlain as readPlainRaw } from "hyparquet/src/plain.js";

export type FlatType =
  | { readonly kind: "boolean" | "int32" | "uint32" | "int64" | "uint64" | "float" | "double" | "string" | "bytes" }
  /** Milliseconds are value × `numerator` / `denominator`, rounded down. */
  | { readonly kind: "date"; readonly numerator: number; readonly denominator: number }
  | { readonly kind: "decimal"; readonly divisor: number };

/** How a column's values are read here; undefined for the rare types that hyparquet reads. */
export function flatType(element: SchemaElement): FlatType | undefined {
  const { type, converted_type: converted, logical_type: logical } = element;
  const unsigned = converted?.startsWith("UINT_") || (logical?.type === "INTEGER" && !logical.isSigned);
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") {
    return type === "BYTE_ARRAY" ? undefined : { kind: "decimal", divisor: 10 ** (element.scale ?? 0) };
  }
  switch (type) {
    case "BOOLEAN":
      return { kind: "boolean" };
    case "FLOAT":
      return { kind: "float" };
    case "DOUBLE":
      return { kind: "double" };
    case "INT32":
      if (converted === "DATE" || logical?.type === "DATE")
        return { kind: "date", numerator: 86_400_000, denominator: 1 };
      return { kind: unsigned ? "uint32" : "int32" };
    case "INT64": {
      const unit = logical?.type === "TIMESTAMP" ? logical.unit : undefined;
      if (unit === "MICROS" || converted === "TIMESTAMP_MICROS")
        return { kind: "date", numerator: 1, denominator: 1000 };
      if (unit === "MILLIS" || converted === "TIMESTAMP_MILLIS") return { kind: "date", numerator: 1, denominator: 1 };
      if (unit === "NANOS") return { kind: "date", numerator: 1, denominator: 1_000_000 };
      return { kind: unsigned ? "uint64" : "int64" };
    }
    case "BYTE_ARRAY":
      if (converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING" || logical?.type === "ENUM")
        return { kind: "string" };
      return converted === undefined && logical === undefined ? { kind: "bytes" } : undefined;
    default:
      return undefined;
  }
}

export function readPlain(bytes: Buffer, count: number, element: SchemaElement): unknown[] {
  const type = flatType(element);
  if (type === undefined) return readRare(bytes, count, element);
  if (type.kind === "string" || type.kind === "bytes") return readByteArrays(bytes, count, type.kind === "string");
  if (element.type === "FIXED_LEN_BYTE_ARRAY") return readFixedDecimals(bytes, count, element.type_length ?? 0, type);
  const width = type.kind === "boolean" ? 1 / 8 : element.type === "INT32" || element.type === "FLOAT" ? 4 : 8;
  if (count * width > bytes.length) throw new Error("plain values end too early");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Array<unknown>(count);
  switch (type.kind) {
    case "boolean":
      for (let i = 0; i < count; i++) values[i] = ((bytes[i >> 3]! >> (i & 7)) & 1) === 1;
      break;
    case "int32":
      for (let i = 0; i < count; i++) values[i] = view.getInt32(i * 4, true);
      break;
    case "uint32":
      for (let i = 0; i < count; i++) values[i] = view.getUint32(i * 4, true);
      break;
    case "float":
      for (let i = 0; i < count; i++) values[i] = view.getFloat32(i * 4, true);
      break;
    case "double":
      for (let i = 0; i < count; i++) values[i] = view.getFloat64(i * 8, true);
      break;
    case "int64":
      for (let i = 0; i < count; i++) values[i] = readInt64(view, i * 8);
      break;
    case "uint64":
      for (let i = 0; i < count; i++) values[i] = shrink(view.getBigUint64(i * 8, true));
      break;
    case "date":
    case "decimal":
      for (let i = 0; i < count; i++)
        values[i] = scaled(width === 4 ? view.getInt32(i * 4, true) : readInt64(view, i * 8), type);
  }
  return values;
}

/** INT96 timestamps, UUIDs, half floats, JSON: by hyparquet's rules. */
function readRare(bytes: Buffer, count: number, element: SchemaElement): unknown[] {
  const width =
    element.type === "FIXED_LEN_BYTE_ARRAY" ? (element.type_length ?? 0) : element.type === "INT96" ? 12 : 4;
  if (count * width > bytes.length) throw new Error("plain values end too early");
  // aligned, and in a buffer of its own, for some values become views of it
  const view = new DataView(new Uint8Array(bytes).buffer);
  const raw = readPlainRaw({ view, offset: 0 }, element.type!, count, element.type_length);
  const decoder = {
    element,
    parsers: DEFAULT_PARSERS,
    utf8: false,
    pathInSchema: [],
    schemaPath: [],
    type: element.type!,
    codec: "UNCOMPRESSED" as const,
  };
  return Array.from(convert(raw, decoder) as ArrayLike<unknown>, normalValue);
}

/** hyparquet's values by this reader's rules: null for what is absent, numbers where they are exact, nothing shared. */
export function normalValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return shrink(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(normalValue);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normalValue(inner)]));
}

/** Big-endian two's complement of any width. */
function readFixedDecimals(bytes: Buffer, count: number, width: number, type: FlatType): unknown[] {
  if (type.kind !== "decimal" || width < 1 || count * width > bytes.length)
    throw new Error("plain values end too early");
  const values = new Array<unknown>(count);
  for (let i = 0; i < count; i++) {
    const at = i * width;
    let value = BigInt(bytes.readInt8(at));
    for (let byte = at + 1; byte < at + width; byte++) value = (value << 8n) | BigInt(bytes[byte]!);
    values[i] = scaled(value, type);
  }
  return values;
}

function readInt64(view: DataView, at: number): number | bigint {
  const high = view.getInt32(at + 4, true);
  // |high| < 2²¹ means that the whole is below 2⁵³
  if (high >= -0x1fffff && high < 0x200000) return high * 0x100000000 + view.getUint32(at, true);
  return shrink(view.getBigInt64(at, true));
}

/** A number where it is exact, as everywhere in this reader. */
function shrink(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function scaled(value: number | bigint, type: FlatType & { kind: "date" | "decimal" }): number {
  if (type.kind === "decimal") return Number(value) / type.divisor;
  if (typeof value === "number") {
    const quotient = Math.floor((value * type.numerator) / type.denominator);
    // the nearest number to a quotient just below an integer may be that integer
    return type.denominator > 1 && quotient * type.denominator > value ? quotient - 1 : quotient;
  }
  const divisor = BigInt(type.denominator);
  const remainder = value % divisor;
  return Number((value - (remainder < 0n ? remainder + divisor : remainder)) / divisor) * type.numerator;
}

function readByteArrays(bytes: Buffer, count: number, asText: boolean): unknown[] {
  // one string for the whole page is cheaper to cut up than a decoding a value, where characters are bytes
  const page = asText && isAscii(bytes) ? bytes.toString("latin1") : undefined;
  const values = new Array<unknown>(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const from = at + 4;
    at = from + bytes.readUInt32LE(at);
    if (at > bytes.length) throw new Error("plain values end too early");
    if (page !== undefined) values[i] = page.slice(from, at);
    else values[i] = asText ? bytes.toString("utf8", from, at) : new Uint8Array(bytes.subarray(from, at));
  }
  return values;
}
