/**
 * Canonical key bytes of JavaScript values: equal values have equal bytes, `memcmp` of the bytes is the total order, and no
 * value's bytes begin another's, so they may be joined. Each begins with the rank of its kind (order.ts); then
 *
 *   number, Date       8 bytes, big-endian, ordered (−0 as 0, one NaN, last)
 *   bigint             sign (1 negative, 2 not), length, magnitude big-endian; the last two inverted for negatives
 *   string             (W)UTF-8 with 00 written as 00 FF, then 00 01
 *   binary             its kind, ordered elements big-endian, escaped and ended as strings are
 *   array, instance    the keys of its items or parts, then 00
 *   Set, Map, object   the keys of its items, or of its keys and values by turns, sorted, then 00
 */
import { Buffer } from "node:buffer";
import { binaryRank, partsOf, rank, rankOf } from "./order.ts";
import { shapeOf } from "./shapes.ts";
import { bytesOf } from "./value-kinds.ts";

/** The key bytes of one value. */
export function keyOf(value: unknown): Uint8Array {
  const writer = new KeyWriter();
  writer.value(value);
  return new Uint8Array(writer.u.subarray(0, writer.at));
}

/** The key bytes of the string whose (W)UTF-8 is bytes from … to. */
export function keyOfText(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const writer = new KeyWriter();
  writer.byte(rank.string);
  writer.escaped(bytes, from, to);
  return new Uint8Array(writer.u.subarray(0, writer.at));
}

/** The (W)UTF-8 of a string, from its key bytes; undefined for the key of anything else. */
export function textOfKey(key: Uint8Array): Uint8Array | undefined {
  if (key[0] !== rank.string) return undefined;
  // without the end, 00 01; a 00 has an FF behind it
  const escaped = key.subarray(1, key.length - 2);
  return escaped.filter((_, i) => i === 0 || escaped[i - 1] !== 0);
}

/** Key bytes one after the other, in a growing array or, when `grow` is replaced, in kernel memory. */
export class KeyWriter {
  u: Buffer = Buffer.alloc(0);
  at = 0;

  /** Makes `u` longer than `bytes`, keeping what is before `at`. */
  protected grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(64, this.u.length * 2, bytes));
    larger.set(this.u.subarray(0, this.at));
    this.u = larger;
  }

  private room(bytes: number): void {
    if (this.at + bytes > this.u.length) this.grow(this.at + bytes);
  }

  byte(byte: number): void {
    if (this.at === this.u.length) this.grow(this.at + 1);
    this.u[this.at++] = byte;
  }

  bytes(bytes: Uint8Array): void {
    this.room(bytes.length);
    const { u, at } = this;
    // a loop beats a call for what names and small values have
    if (bytes.length > 32) u.set(bytes, at);
    else for (let i = 0; i < bytes.length; i++) u[at + i] = bytes[i]!;
    this.at = at + bytes.length;
  }

  number(tag: number, value: number): void {
    this.byte(tag);
    this.orderedF64(value);
  }

  /** The bytes of a string, or of ordered elements: escaped, with their end. */
  escaped(bytes: Uint8Array, from: number, to: number): void {
    this.room((to - from) * 2 + 2);
    const { u } = this;
    let { at } = this;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      u[at++] = byte;
      if (byte === 0) u[at++] = 0xff;
    }
    u[at] = 0;
    u[at + 1] = 1;
    this.at = at + 2;
  }

  string(text: string): void {
    this.byte(rank.string);
    if (text.length <= 64 && this.asciiString(text)) return;
    const bytes = text.isWellFormed() ? Buffer.from(text, "utf8") : wtf8(text);
    this.escaped(bytes, 0, bytes.length);
  }

  /** Without a detour for strings of ASCII; false, and nothing written, for others. */
  private asciiString(text: string): boolean {
    this.room(text.length * 2 + 2);
    const { u } = this;
    let { at } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      u[at++] = code;
      if (code === 0) u[at++] = 0xff;
    }
    u[at] = 0;
    u[at + 1] = 1;
    this.at = at + 2;
    return true;
  }

  bigint(value: bigint): void {
    const negative = value < 0n;
    const invert = negative ? 255 : 0;
    const hex = value === 0n ? "" : (negative ? -value : value).toString(16);
    const magnitude = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
    this.byte(rank.bigint);
    this.byte(negative ? 1 : 2);
    for (let shift = 24; shift >= 0; shift -= 8) this.byte(((magnitude.length >>> shift) & 255) ^ invert);
    for (const byte of magnitude) this.byte(byte ^ invert);
  }

  value(value: unknown): void {
    const tag = rankOf(value);
    switch (tag) {
      case rank.undefined:
      case rank.null:
      case rank.false:
      case rank.true:
        return this.byte(tag);
      case rank.number:
        return this.number(tag, value as number);
      case rank.string:
        return this.string(value as string);
      case rank.bigint:
        return this.bigint(value as bigint);
      case rank.date:
        return this.number(tag, (value as Date).getTime());
      case rank.binary:
        return this.binary(value as object);
      case rank.array:
        return this.items(tag, value as unknown[]);
      case rank.set:
        return this.sorted(tag, value as Set<unknown>, (writer, item) => writer.value(item));
      case rank.map:
        return this.sorted(tag, value as Map<unknown, unknown>, (writer, [key, item]) => {
          writer.value(key);
          writer.value(item);
        });
      case rank.object:
        return this.object(value as Record<string, unknown>);
      default:
        return this.items(tag, partsOf(value as object));
    }
  }

  private items(tag: number, items: readonly unknown[]): void {
    this.byte(tag);
    for (let i = 0; i < items.length; i++) this.value(items[i]);
    this.byte(0);
  }

  private sorted<T>(tag: number, items: Iterable<T>, write: (writer: KeyWriter, item: T) => void): void {
    const writer = new KeyWriter();
    const ends = [0];
    for (const item of items) {
      write(writer, item);
      ends.push(writer.at);
    }
    const keys = ends.slice(1).map((end, i) => writer.u.subarray(ends[i]!, end));
    this.byte(tag);
    for (const key of keys.sort(Buffer.compare)) this.bytes(key);
    this.byte(0);
  }

  /** Names are unlike, so sorting them sorts the entries. */
  private object(value: Record<string, unknown>): void {
    const shape = shapeOf(value);
    const names = shape === undefined ? sortedNames(Object.keys(value)) : (shape.sorted ??= sortedNames(shape.names));
    this.byte(rank.object);
    for (const { name, key } of names) {
      this.bytes(key);
      this.value(value[name]);
    }
    this.byte(0);
  }

  private binary(value: object): void {
    this.byte(rank.binary);
    this.byte(binaryRank(value));
    const elements = orderedElements(value);
    this.escaped(elements, 0, elements.length);
  }

  orderedF64(value: number): void {
    this.room(8);
    const { u, at } = this;
    float[0] = value === 0 ? 0 : value;
    let high = value === value ? words[1]! : 0x7ff80000;
    let low = value === value ? words[0]! : 0;
    if (high < 0) {
      high = ~high;
      low = ~low;
    } else {
      high ^= 0x80000000;
    }
    u[at] = high >>> 24;
    u[at + 1] = high >>> 16;
    u[at + 2] = high >>> 8;
    u[at + 3] = high;
    u[at + 4] = low >>> 24;
    u[at + 5] = low >>> 16;
    u[at + 6] = low >>> 8;
    u[at + 7] = low;
    this.at = at + 8;
  }
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** Names in their order, with their key bytes. */
export function sortedNames(names: readonly string[]): { readonly name: string; readonly key: Uint8Array }[] {
  return names.map(name => ({ name, key: keyOf(name) })).sort((a, b) => Buffer.compare(a.key, b.key));
}

/** Elements as big-endian bytes that order as the elements do. */
export function orderedElements(value: object): Uint8Array {
  if (value instanceof Uint8Array || value instanceof Uint8ClampedArray || !("BYTES_PER_ELEMENT" in value))
    return bytesOf(value);
  const elements = value as Int32Array | BigInt64Array;
  const floats = elements.constructor.name.startsWith("Float");
  const width = floats ? 8 : elements.BYTES_PER_ELEMENT;
  const signed =
    elements instanceof Int8Array ||
    elements instanceof Int16Array ||
    elements instanceof Int32Array ||
    elements instanceof BigInt64Array;
  const writer = new KeyWriter();
  for (let i = 0; i < elements.length; i++) {
    if (floats) {
      writer.orderedF64(elements[i] as number);
      continue;
    }
    let rest = BigInt.asUintN(width * 8, BigInt(elements[i]!));
    if (signed) rest ^= 1n << BigInt(width * 8 - 1);
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) writer.byte(Number((rest >> BigInt(shift)) & 255n));
  }
  return writer.u.subarray(0, writer.at);
}

/** UTF-8 in which a lone surrogate is the three bytes of its code point. */
export function wtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0xd800 && code < 0xe000) bytes.push(0xed, 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else for (const byte of Buffer.from(character, "utf8")) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
