/**
 * Values to bytes and back, for whatever holds one value: *any* columns, results, captures.
 *
 * Values are undefined, null, booleans, numbers, bigints, strings, Dates, arrays, plain objects, Maps, Sets, RegExps (with
 * lastIndex), Errors, URLs, ArrayBuffers, typed arrays, Buffers, DataViews and instances of registered classes. The round
 * trip keeps −0, NaN, lone surrogates, and the order of properties and entries. Holes read back as undefined, objects without
 * a prototype as plain objects, accessors as data; symbol keys and named properties of arrays are not part of a value.
 *
 * With `references` an object met twice is one object again, and cycles are kept; captures use it with two hooks that
 * carry functions and handles:
 *
 *   encodeValue(captures, { references: true, encodeOther: f => ({ tag: "fn", meta: idOf(f), data: capturesOf(f) }) })
 *   decodeValue(bytes, { references: true, createOther: (tag, id) => shellOf(id), fillOther: (shell, data) => … })
 *
 * `createOther` returns the function or object before its data exists, so that the data may refer to it; `fillOther` then
 * gets the data, whose objects may in turn be unfinished until the outermost decodeValue returns. Instances of classes
 * take part in cycles when their class has `allocate` and `restore` (classes.ts). A view's underlying buffer is not
 * shared with other views.
 */
import { Buffer } from "node:buffer";
import { unshippable, type UnshippableValue } from "./unshippable.ts";
import { ValueDecoder, type DecodeHooks } from "./value-decoder.ts";
import { ValueEncoder, type ByteTarget, type EncodeHooks } from "./value-encoder.ts";

export type { DecodeHooks } from "./value-decoder.ts";
export type { EncodeHooks, OtherValue } from "./value-encoder.ts";
export { UnshippableValue } from "./unshippable.ts";

export interface EncodeOptions extends EncodeHooks {
  /**
   * What the value is called in errors: `row` in `row[1].callback is a function`; or a phrase, such as "the rows of parallelize",
   * for `value[1].callback is a function, in the rows of parallelize`.
   */
  readonly what?: string;
}

const keptBytesMax = 1 << 20;
/** Larger values are not read as one text, which their strings would keep alive. */
const textBytesMax = 1 << 16;

/** A value as bytes of its own. Throws UnshippableValue, which says what cannot ship and where in the value it is. */
export function encodeValue(value: unknown, options: EncodeOptions = {}): Uint8Array {
  if (options.references === true || options.encodeOther !== undefined || plainBusy) {
    return encodeWith(new GrowingEncoder(options), value, options);
  }
  plainBusy = true;
  try {
    return encodeWith(plainEncoder, value, options);
  } finally {
    plainBusy = false;
  }
}

function encodeWith(growing: GrowingEncoder, value: unknown, options: EncodeOptions): Uint8Array {
  const { encoder } = growing;
  encoder.at = 0;
  if (!encoder.tryWrite(value)) throw refusalOf(value, options);
  const bytes = new Uint8Array(encoder.at);
  bytes.set(growing.bytes.subarray(0, encoder.at));
  if (growing.bytes.length > keptBytesMax) growing.shrink();
  return bytes;
}

function refusalOf(value: unknown, options: EncodeOptions): UnshippableValue {
  const { what = "value" } = options;
  return what.includes(" ") ? unshippable(value, "value", what, options) : unshippable(value, what, undefined, options);
}

/** The value that `encodeValue` made the bytes of. Throws an error of kind "data" when they are damaged. */
export function decodeValue(bytes: Uint8Array, hooks: DecodeHooks = {}): unknown {
  const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
  const decoder = new ValueDecoder(hooks);
  decoder.use(buffer, bytes.length >= 16 && bytes.length <= textBytesMax ? buffer.toString("latin1") : undefined);
  return decoder.decode(0, bytes.length);
}

/** An encoder into a growing array of its own. */
class GrowingEncoder implements ByteTarget {
  bytes!: Buffer;
  readonly encoder: ValueEncoder;

  constructor(hooks: EncodeHooks) {
    this.encoder = new ValueEncoder(this, hooks);
    this.shrink();
  }

  /** Back to a small array. */
  shrink(): void {
    this.use(Buffer.allocUnsafeSlow(512));
  }

  grow(encoder: ValueEncoder, needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, encoder.at + needed));
    larger.set(this.bytes.subarray(0, encoder.at));
    this.use(larger);
  }

  private use(bytes: Buffer): void {
    this.bytes = bytes;
    this.encoder.use(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  }
}

/** Reused for values without hooks, but for values that are encoded while another one is. */
const plainEncoder = new GrowingEncoder({});
let plainBusy = false;
