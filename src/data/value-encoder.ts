/**
 * Encodes values into bytes (format: value-tags.ts). One encoder is reused for many values; it writes straight into
 * whatever bytes its target provides: a column in kernel memory or a growing array.
 *
 * What cannot ship makes `tryWrite` return false; unshippable.ts then finds the place for the message.
 */
import { Buffer } from "node:buffer";
import { classOf } from "./classes.ts";
import { writeUtf8 } from "./text-bytes.ts";
import { shapeOf } from "./shapes.ts";
import { binaryKindOf, bytesOf, errorClassName, errorProperties, kindOf } from "./value-kinds.ts";
import { binaryKinds, tag, valueDepthMax } from "./value-tags.ts";

export interface ByteTarget {
  /** Makes room for `needed` bytes after `encoder.at`, keeping those before, and calls `encoder.use`. */
  grow(encoder: ValueEncoder, needed: number): void;
}

/** How a hook encodes a function, symbol or foreign object. */
export interface OtherValue {
  readonly tag: string;
  /** What `create` needs to make the shell; must not refer back to the value. Default undefined. */
  readonly meta?: unknown;
  /** What `fill` puts into the shell; may refer back. Default undefined. */
  readonly data?: unknown;
}

export interface EncodeHooks {
  /** Keep identity and cycles: an object met twice is written once. Otherwise cycles are refused. */
  readonly references?: boolean;
  /** Called for functions, symbols and objects that are no values. Undefined refuses them. */
  readonly encodeOther?: (value: object | symbol) => OtherValue | undefined;
}

/** Below this depth nothing is remembered; a cycle is found once it has gone round to here. */
const trailFrom = 48;
const refused = Symbol("refused");

let instances = 0;

/** Instances of classes that this thread has encoded so far: where there are no more than before, none of what was encoded is one. */
export function instancesEncoded(): number {
  return instances;
}

export class ValueEncoder {
  private u!: Buffer;
  private d!: DataView;
  private end = 0;
  at = 0;
  private depth = 0;
  private readonly trail: object[] = [];
  private readonly seen: Map<object | symbol, number> | undefined;

  constructor(
    private readonly target: ByteTarget,
    private readonly hooks: EncodeHooks = {},
  ) {
    this.seen = hooks.references === true ? new Map() : undefined;
  }

  use(bytes: Buffer, view: DataView): void {
    this.u = bytes;
    this.d = view;
    this.end = bytes.length;
  }

  /** Writes one value at `at`. False when it, or something in it, cannot ship. */
  tryWrite(value: unknown): boolean {
    try {
      this.write(value);
      return true;
    } catch (thrown) {
      this.depth = 0;
      this.trail.length = 0;
      if (thrown === refused) return false;
      throw thrown;
    }
  }

  private write(value: unknown): void {
    switch (typeof value) {
      case "number":
        return this.writeNumber(value);
      case "string":
        return this.writeString(value);
      case "object":
        return value === null ? this.byte(tag.null) : this.writeObject(value);
      case "undefined":
        return this.byte(tag.undefined);
      case "boolean":
        return this.byte(value ? tag.true : tag.false);
      case "bigint":
        return this.writeBigint(value);
      case "function":
      case "symbol":
        if (!this.writeReference(value)) this.writeOther(value);
    }
  }

  private room(bytes: number): void {
    if (this.at + bytes > this.end) this.target.grow(this, bytes);
  }

  private byte(value: number): void {
    if (this.at === this.end) this.target.grow(this, 1);
    this.u[this.at++] = value;
  }

  private count(value: number): void {
    this.room(5);
    for (; value > 127; value >>>= 7) this.u[this.at++] = (value & 127) | 128;
    this.u[this.at++] = value;
  }

  private writeNumber(value: number): void {
    if (this.at + 9 > this.end) this.target.grow(this, 9);
    if ((value | 0) !== value || (value === 0 && 1 / value < 0)) {
      this.u[this.at] = tag.f64;
      this.d.setFloat64(this.at + 1, value, true);
      this.at += 9;
    } else if (value >= 0 && value < 64) {
      this.u[this.at++] = tag.smallInt + value;
    } else if (value >= -128 && value < 128) {
      this.u[this.at] = tag.i8;
      this.u[this.at + 1] = value;
      this.at += 2;
    } else if (value >= -32768 && value < 32768) {
      this.u[this.at] = tag.i16;
      this.d.setInt16(this.at + 1, value, true);
      this.at += 3;
    } else {
      this.u[this.at] = tag.i32;
      this.d.setInt32(this.at + 1, value, true);
      this.at += 5;
    }
  }

  private writeBigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.room(9);
      this.u[this.at] = tag.i64;
      this.d.setBigInt64(this.at + 1, value, true);
      this.at += 9;
      return;
    }
    const magnitude = (value < 0n ? -value : value).toString(16);
    const bytes = (magnitude.length + 1) >> 1;
    this.byte(tag.bigint);
    this.byte(value < 0n ? 1 : 0);
    this.count(bytes);
    this.room(bytes);
    this.at += this.u.write(magnitude.padStart(bytes * 2, "0"), this.at, bytes, "hex");
  }

  private writeString(text: string): void {
    const { length } = text;
    if (length < 24) {
      if (this.at + length + 1 > this.end) this.target.grow(this, length + 1);
      const { u } = this;
      const from = this.at + 1;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        u[from + i] = code;
      }
      if (i === length) {
        u[this.at] = tag.shortAscii + length;
        this.at = from + length;
        return;
      }
    }
    this.writeLongString(text);
  }

  private writeLongString(text: string): void {
    const { length } = text;
    if (length < 64) {
      // most strings are ASCII, whose bytes are as many as their characters
      this.room(length * 3 + 1);
      const bytes = text.isWellFormed() ? writeUtf8(this.u, text, this.at + 1, length * 3) : 0;
      if (bytes === length) {
        this.u[this.at] = tag.shortAscii + length;
        this.at += 1 + length;
        return;
      }
    }
    if (!text.isWellFormed()) return this.writeUtf16(text);
    const bytes = Buffer.byteLength(text);
    this.byte(bytes === text.length ? tag.ascii : tag.utf8);
    this.count(bytes);
    this.room(bytes);
    this.at += writeUtf8(this.u, text, this.at, bytes);
  }

  private writeUtf16(text: string): void {
    this.byte(tag.utf16);
    this.count(text.length);
    this.room(text.length * 2);
    this.at += this.u.write(text, this.at, text.length * 2, "utf16le");
  }

  /** Writes a reference when the object was begun before; otherwise remembers it. */
  private writeReference(value: object | symbol): boolean {
    if (this.seen === undefined) return false;
    const index = this.seen.get(value);
    if (index === undefined) {
      this.seen.set(value, this.seen.size);
      return false;
    }
    this.byte(tag.reference);
    this.count(index);
    return true;
  }

  private writeObject(value: object): void {
    if (this.seen !== undefined && this.writeReference(value)) return;
    if (++this.depth > trailFrom) this.enterDeep(value);
    const kind = kindOf(value);
    if (kind === "object") this.writePlain(value as Record<string, unknown>);
    else if (kind === "array") this.writeArray(value as unknown[]);
    else this.writeBuiltin(kind, value);
    if (--this.depth >= trailFrom) this.trail.pop();
  }

  private enterDeep(value: object): void {
    if (this.depth > valueDepthMax || (this.seen === undefined && this.trail.includes(value))) throw refused;
    this.trail.push(value);
  }

  private writeArray(value: readonly unknown[]): void {
    const { length } = value;
    if (length < 16) {
      this.byte(tag.shortArray + length);
    } else {
      this.byte(tag.array);
      this.count(length);
    }
    for (let i = 0; i < length; i++) this.write(value[i]);
  }

  private writePlain(value: Record<string, unknown>): void {
    const shape = shapeOf(value);
    if (shape === undefined) return this.writeDictionary(value);
    const { keyBytes, names } = shape;
    this.byte(tag.object);
    this.count(keyBytes.length);
    this.room(keyBytes.length);
    const { u, at } = this;
    for (let i = 0; i < keyBytes.length; i++) u[at + i] = keyBytes[i]!;
    this.at += keyBytes.length;
    for (let i = 0; i < names.length; i++) this.write(value[names[i]!]);
  }

  private writeDictionary(value: Record<string, unknown>): void {
    const names = Object.keys(value);
    this.byte(tag.dictionary);
    this.count(names.length);
    for (const name of names) {
      this.writeString(name);
      this.write(value[name]);
    }
  }

  private writeBuiltin(kind: Exclude<ReturnType<typeof kindOf>, "object" | "array">, value: object): void {
    switch (kind) {
      case "date":
        this.room(9);
        this.u[this.at] = tag.date;
        this.d.setFloat64(this.at + 1, (value as Date).getTime(), true);
        this.at += 9;
        return;
      case "map":
        this.byte(tag.map);
        this.count((value as Map<unknown, unknown>).size);
        for (const [key, item] of value as Map<unknown, unknown>) {
          this.write(key);
          this.write(item);
        }
        return;
      case "set":
        this.byte(tag.set);
        this.count((value as Set<unknown>).size);
        for (const item of value as Set<unknown>) this.write(item);
        return;
      case "regExp": {
        const { source, flags, lastIndex } = value as RegExp;
        this.byte(tag.regExp);
        this.writeString(source);
        this.writeString(flags);
        this.writeNumber(lastIndex);
        return;
      }
      case "url":
        this.byte(tag.url);
        this.writeString((value as URL).href);
        return;
      case "binary":
        return this.writeBinary(value);
      case "error":
        if (this.writeInstance(value)) return;
        this.byte(tag.error);
        this.writeString(errorClassName(value as Error));
        return this.writeDictionary(errorProperties(value as Error, true));
      case "other":
        if (!this.writeInstance(value)) this.writeOther(value);
    }
  }

  private writeBinary(value: object): void {
    const bytes = bytesOf(value);
    this.byte(tag.binary);
    this.byte(binaryKinds.indexOf(binaryKindOf(value)));
    this.count(bytes.length);
    this.room(bytes.length);
    this.u.set(bytes, this.at);
    this.at += bytes.length;
  }

  private writeInstance(value: object): boolean {
    const shippable = classOf(value);
    if (shippable === undefined) return false;
    instances++;
    const state = shippable.dehydrate(value);
    this.byte(tag.instance);
    this.writeString(shippable.id);
    this.count(state.length);
    for (const each of state) this.write(each);
    return true;
  }

  private writeOther(value: object | symbol): void {
    const other = this.hooks.encodeOther?.(value);
    if (other === undefined) throw refused;
    this.byte(tag.other);
    this.writeString(other.tag);
    this.write(other.meta);
    this.write(other.data);
  }
}
