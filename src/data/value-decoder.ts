/**
 * Decodes what value-encoder.ts wrote. Safe on any bytes: it never reads outside the range it was given, never allocates more
 * than the bytes can mean, and refuses what is no value as an error of kind "data".
 */
import { Buffer } from "node:buffer";
import { FiresteelError } from "../base/errors.ts";
import { classById, type ShippableClass } from "./classes.ts";
import { decoderShape, hasKeyBytes, type DecoderShape } from "./shapes.ts";
import { binaryPrototype, errorClasses } from "./value-kinds.ts";
import { binaryKinds, tag, valueDepthMax } from "./value-tags.ts";

/** The other half of `encodeOther`: a shell first, so that what fills it may refer back to it. */
export interface DecodeHooks {
  /** As it was encoded. */
  readonly references?: boolean;
  readonly createOther?: (tag: string, meta: unknown) => unknown;
  readonly fillOther?: (shell: unknown, data: unknown, tag: string) => void;
}

/** Stands for an object that is not made yet. */
const pending = Symbol("pending");
/** Shapes met last, by a few bits of their key bytes. */
const shapeSlots = 16;
const noShape: DecoderShape = { keyBytes: new Uint8Array(0), names: [], make: () => ({}) };
const recentShapes: DecoderShape[] = Array.from({ length: shapeSlots }, () => noShape);
const noBytes = Buffer.alloc(0);

export class ValueDecoder {
  private u: Buffer = noBytes;
  private view: DataView | undefined = undefined;
  private at = 0;
  private end = 0;
  private depth = 0;
  /** The bytes as Latin-1, when there are many strings to cut from it. */
  private text: string | undefined = undefined;
  private readonly objects: unknown[] | undefined;

  constructor(private readonly hooks: DecodeHooks = {}) {
    this.objects = hooks.references === true ? [] : undefined;
  }

  /** `text`, when given, is `bytes` as Latin-1. */
  use(bytes: Buffer, text?: string): void {
    this.u = bytes;
    this.view = undefined;
    this.text = text;
  }

  /** The value whose encoding is bytes[from … to). No bytes at all are undefined. */
  decode(from: number, to: number): unknown {
    if (from === to) return undefined;
    this.at = from;
    this.end = to;
    this.depth = 0;
    const value = this.read();
    if (this.at !== to) throw corrupt();
    return value;
  }

  private get d(): DataView {
    return (this.view ??= new DataView(this.u.buffer, this.u.byteOffset, this.u.length));
  }

  read(): unknown {
    if (this.at >= this.end) throw corrupt();
    const code = this.u[this.at++]!;
    if (code >= tag.smallInt) {
      if (code < tag.shortAscii) return code - tag.smallInt;
      if (code < tag.shortArray) return this.ascii(code - tag.shortAscii);
      if (code < tag.shortArray + 16) return this.array(code - tag.shortArray);
      throw corrupt();
    }
    if (code <= tag.utf16) return this.primitive(code);
    if (code === tag.reference) return this.reference();
    if (++this.depth > valueDepthMax) throw corrupt();
    const value = code === tag.object ? this.object() : this.container(code);
    this.depth--;
    return value;
  }

  private primitive(code: number): unknown {
    switch (code) {
      case tag.undefined:
        return undefined;
      case tag.null:
        return null;
      case tag.false:
        return false;
      case tag.true:
        return true;
      case tag.f64:
        return this.d.getFloat64(this.take(8), true);
      case tag.i8:
        return this.d.getInt8(this.take(1));
      case tag.i16:
        return this.d.getInt16(this.take(2), true);
      case tag.i32:
        return this.d.getInt32(this.take(4), true);
      case tag.i64:
        return this.d.getBigInt64(this.take(8), true);
      case tag.bigint: {
        const negative = this.u[this.take(1)] === 1;
        const length = this.count();
        const from = this.take(length);
        const magnitude = length === 0 ? 0n : BigInt(`0x${this.u.toString("hex", from, from + length)}`);
        return negative ? -magnitude : magnitude;
      }
      case tag.ascii:
        return this.ascii(this.count());
      case tag.utf8: {
        const length = this.count();
        const from = this.take(length);
        return this.u.toString("utf8", from, from + length);
      }
      default: {
        const length = this.count() * 2;
        const from = this.take(length);
        return this.u.toString("utf16le", from, from + length);
      }
    }
  }

  private container(code: number): unknown {
    switch (code) {
      case tag.date:
        return this.keep(new Date(this.d.getFloat64(this.take(8), true)));
      case tag.array:
        this.depth--;
        return this.array(this.items());
      case tag.dictionary:
        return this.dictionary(this.keep<Record<string, unknown>>({}));
      case tag.map: {
        const map = this.keep(new Map());
        for (let n = this.items(); n > 0; n--) {
          const key = this.read();
          map.set(key, this.read());
        }
        return map;
      }
      case tag.set: {
        const set = this.keep(new Set());
        for (let n = this.items(); n > 0; n--) set.add(this.read());
        return set;
      }
      case tag.regExp:
        return this.regExp();
      case tag.error:
        return this.error();
      case tag.url:
        return this.url();
      case tag.binary:
        return this.binary();
      case tag.instance:
        return this.instance();
      case tag.other:
        return this.other();
      default:
        throw corrupt();
    }
  }

  /** Skips `bytes` bytes and returns where they begin. */
  private take(bytes: number): number {
    const from = this.at;
    if (from + bytes > this.end) throw corrupt();
    this.at = from + bytes;
    return from;
  }

  private count(): number {
    const first = this.u[this.take(1)]!;
    if (first < 128) return first;
    let value = first & 127;
    for (let scale = 128; scale <= 2 ** 28; scale *= 128) {
      const byte = this.u[this.take(1)]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw corrupt();
  }

  /** A count of things of at least a byte each. */
  private items(): number {
    const n = this.count();
    if (this.at + n > this.end) throw corrupt();
    return n;
  }

  private ascii(length: number): string {
    const from = this.take(length);
    if (this.text !== undefined) return this.text.slice(from, from + length);
    return this.u.toString("latin1", from, from + length);
  }

  private array(length: number): unknown[] {
    if (++this.depth > valueDepthMax) throw corrupt();
    const array: unknown[] = this.keep([]);
    for (let i = 0; i < length; i++) array.push(this.read());
    this.depth--;
    return array;
  }

  /** Remembers an object under the next number, when references are kept. */
  private keep<T>(object: T): T {
    this.objects?.push(object);
    return object;
  }

  private reference(): unknown {
    const object = this.objects?.[this.count()];
    if (object === undefined) throw corrupt();
    if (object === pending) {
      throw new FiresteelError("user", "an instance of a class refers to itself, which its class cannot restore");
    }
    return object;
  }

  private object(): object {
    const length = this.count();
    const from = this.take(length);
    const slot = (length * 7 + (length > 0 ? this.u[this.at - 1]! : 0)) % shapeSlots;
    let shape = recentShapes[slot]!;
    if (!hasKeyBytes(shape, this.u, from, from + length)) {
      const found = decoderShape(this.u, from, from + length);
      if (found === undefined) throw corrupt();
      recentShapes[slot] = shape = found;
    }
    if (this.objects === undefined) return shape.make(this);
    const object = this.keep<Record<string, unknown>>({});
    for (const name of shape.names) define(object, name, this.read());
    return object;
  }

  private dictionary(object: Record<string, unknown>): object {
    for (let n = this.items(); n > 0; n--) {
      const name = this.read();
      if (typeof name !== "string") throw corrupt();
      define(object, name, this.read());
    }
    return object;
  }

  private string(): string {
    const text = this.read();
    if (typeof text !== "string") throw corrupt();
    return text;
  }

  private regExp(): RegExp {
    const slot = this.reserve();
    const source = this.string();
    const flags = this.string();
    const lastIndex = this.read();
    if (typeof lastIndex !== "number") throw corrupt();
    let regExp: RegExp;
    try {
      regExp = new RegExp(source, flags);
    } catch {
      throw corrupt();
    }
    regExp.lastIndex = lastIndex;
    return this.settle(slot, regExp);
  }

  private url(): URL {
    const slot = this.reserve();
    const href = this.string();
    if (!URL.canParse(href)) throw corrupt();
    return this.settle(slot, new URL(href));
  }

  private error(): Error {
    const slot = this.reserve();
    const errorClass = errorClasses.get(this.string());
    if (errorClass === undefined) throw corrupt();
    const error = this.settle(slot, new errorClass());
    if (this.u[this.take(1)] !== tag.dictionary) throw corrupt();
    const properties = this.dictionary({}) as Record<string, unknown>;
    for (const [name, value] of Object.entries(properties)) {
      if (name === "name" && value === errorClass.name) continue;
      const enumerable = name !== "message" && name !== "stack" && name !== "cause" && name !== "errors";
      Object.defineProperty(error, name, { value, enumerable, writable: true, configurable: true });
    }
    return error;
  }

  private binary(): object {
    const kind = binaryKinds[this.u[this.take(1)]!];
    const prototype = kind === undefined ? undefined : binaryPrototype(kind);
    if (kind === undefined || prototype === undefined) throw corrupt();
    const length = this.count();
    const from = this.take(length);
    const bytes = new ArrayBuffer(length);
    new Uint8Array(bytes).set(this.u.subarray(from, from + length));
    if (kind === "ArrayBuffer") return this.keep(bytes);
    if (kind === "Buffer") return this.keep(Buffer.from(bytes));
    const constructorFunction = prototype.constructor as {
      new (buffer: ArrayBuffer): object;
      BYTES_PER_ELEMENT?: number;
    };
    if (length % (constructorFunction.BYTES_PER_ELEMENT ?? 1) !== 0) throw corrupt();
    return this.keep(new constructorFunction(bytes));
  }

  private instance(): object {
    const slot = this.reserve();
    const id = this.string();
    const shippable = classById(id);
    if (shippable === undefined) {
      throw new FiresteelError(
        "data",
        `a value is an instance of the class ${JSON.stringify(id)}, which is not loaded here`,
      );
    }
    if (shippable.allocate !== undefined && shippable.restore !== undefined) {
      const instance = this.settle(slot, shippable.allocate());
      shippable.restore(instance, this.state(shippable));
      return instance;
    }
    return this.settle(slot, shippable.rehydrate(this.state(shippable)));
  }

  private state(_of: ShippableClass): unknown[] {
    const state: unknown[] = [];
    for (let n = this.items(); n > 0; n--) state.push(this.read());
    return state;
  }

  private other(): unknown {
    const slot = this.reserve();
    const name = this.string();
    const meta = this.read();
    if (this.hooks.createOther === undefined) throw corrupt();
    const shell = this.settle(slot, this.hooks.createOther(name, meta));
    const data = this.read();
    this.hooks.fillOther?.(shell, data, name);
    return shell;
  }

  private reserve(): number {
    return this.objects === undefined ? 0 : this.objects.push(pending) - 1;
  }

  private settle<T>(slot: number, object: T): T {
    if (this.objects !== undefined) this.objects[slot] = object;
    return object;
  }
}

/** Sets an own property, `__proto__` included. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  else object[name] = value;
}

function corrupt(): FiresteelError {
  return new FiresteelError("data", "a stored value is damaged: its bytes are not an encoded value");
}
