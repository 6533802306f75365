/**
 * The byte format of one encoded value: a tag byte, then what the tag says; numbers are little-endian, counts are LEB128.
 * Bytes of a value are deterministic, but they are not canonical (see keys.ts for bytes that compare as values do).
 */
export const tag = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  /** 8 bytes */
  f64: 0x04,
  i8: 0x05,
  i16: 0x06,
  i32: 0x07,
  /** 8 bytes, two's complement */
  i64: 0x08,
  /** sign byte (1 negative), count, magnitude bytes */
  bigint: 0x09,
  /** count, ASCII bytes */
  ascii: 0x0a,
  /** count, UTF-8 bytes */
  utf8: 0x0b,
  /** count, UTF-16 code units: strings with lone surrogates */
  utf16: 0x0c,
  /** f64 milliseconds */
  date: 0x0d,
  /** count, values */
  array: 0x0e,
  /** count of key bytes, key bytes (a count and that many length-prefixed UTF-8 names), values in the keys' order */
  object: 0x0f,
  /** count, then name and value by turns, names as values: objects with too many or too odd names to remember */
  dictionary: 0x10,
  /** count, then key and value by turns */
  map: 0x11,
  set: 0x12,
  /** source, flags, lastIndex as values */
  regExp: 0x13,
  /** the built-in class's name and own properties, as values */
  error: 0x14,
  url: 0x15,
  /** kind byte (binaryKinds), count of bytes, bytes */
  binary: 0x16,
  /** id as a value, count, state */
  instance: 0x17,
  /** count: the n-th object that was begun (references only) */
  reference: 0x18,
  /** tag and meta as values, then data as a value: what hooks encode */
  other: 0x19,
  /** 64 small integers */
  smallInt: 0x40,
  /** ASCII strings of 0 … 63 bytes */
  shortAscii: 0x80,
  /** arrays of 0 … 15 values */
  shortArray: 0xc0,
} as const;

/** Positions are the kind bytes of binary values; the order is also the total order's among unlike arrays. */
export const binaryKinds = [
  "ArrayBuffer",
  "DataView",
  "Uint8Array",
  "Buffer",
  "Uint8ClampedArray",
  "Int8Array",
  "Uint16Array",
  "Int16Array",
  "Uint32Array",
  "Int32Array",
  "BigUint64Array",
  "BigInt64Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
] as const;
export type BinaryKind = (typeof binaryKinds)[number];

export type TypedArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** Containers nest this deep at most. */
export const valueDepthMax = 1000;
