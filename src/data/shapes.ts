/**
 * Objects with the same keys in the same order share a shape. The encoder finds an object's shape by walking a trie of its
 * names and writes the shape's key bytes; the decoder finds the shape again by those bytes. Both are bounded: objects used
 * as dictionaries do not fill memory with shapes.
 */
import { Buffer } from "node:buffer";

const shapesMax = 4096;
const namesMax = 64;

export class EncoderShape {
  lastName: string | undefined = undefined;
  lastNext: EncoderShape = this;
  private readonly next = new Map<string, EncoderShape>();
  readonly keyBytes: Uint8Array;
  /** The names as key-bytes.ts orders and encodes them, once it has. */
  sorted: readonly { readonly name: string; readonly key: Uint8Array }[] | undefined = undefined;

  constructor(readonly names: readonly string[]) {
    this.keyBytes = encodeNames(names);
  }

  /** The shape with one more name; undefined when there are too many. */
  step(name: string): EncoderShape | undefined {
    let shape = this.next.get(name);
    if (shape === undefined) {
      if (shapesMade >= shapesMax || this.names.length >= namesMax || !name.isWellFormed()) return undefined;
      shapesMade++;
      shape = new EncoderShape([...this.names, name]);
      this.next.set(name, shape);
    }
    this.lastName = name;
    this.lastNext = shape;
    return shape;
  }
}

/** The shape of an object; undefined when it has too many or too odd names. */
export function shapeOf(value: object): EncoderShape | undefined {
  let shape: EncoderShape | undefined = emptyShape;
  for (const name in value) {
    shape = shape.lastName === name ? shape.lastNext : shape.step(name);
    if (shape === undefined) return undefined;
  }
  return shape;
}

let shapesMade = 0;
export const emptyShape = new EncoderShape([]);

function encodeNames(names: readonly string[]): Uint8Array {
  const parts: number[] = [];
  pushCount(parts, names.length);
  for (const name of names) {
    const bytes = Buffer.from(name, "utf8");
    pushCount(parts, bytes.length);
    for (const byte of bytes) parts.push(byte);
  }
  return Uint8Array.from(parts);
}

function pushCount(into: number[], count: number): void {
  for (; count > 127; count >>>= 7) into.push((count & 127) | 128);
  into.push(count);
}

export interface DecoderShape {
  readonly keyBytes: Uint8Array;
  readonly names: readonly string[];
  /** Reads the values from the decoder, in order, into a new object. */
  readonly make: (decoder: { read(): unknown }) => object;
}

const decoderShapes = new Map<number, DecoderShape[]>();
let decoderShapesMade = 0;

/** The shape whose key bytes are u[from … to); undefined when the bytes are not key bytes. */
export function decoderShape(u: Uint8Array, from: number, to: number): DecoderShape | undefined {
  let hash = to - from;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + u[i]!) | 0;
  const known = decoderShapes.get(hash);
  if (known !== undefined) for (const shape of known) if (hasKeyBytes(shape, u, from, to)) return shape;
  const keyBytes = u.slice(from, to);
  const names = decodeNames(keyBytes);
  if (names === undefined) return undefined;
  const shape = { keyBytes, names, make: maker(names) };
  if (decoderShapesMade++ >= shapesMax) {
    decoderShapes.clear();
    decoderShapesMade = 0;
  }
  decoderShapes.set(hash, [...(decoderShapes.get(hash) ?? []), shape]);
  return shape;
}

export function hasKeyBytes(shape: DecoderShape, u: Uint8Array, from: number, to: number): boolean {
  const { keyBytes } = shape;
  if (keyBytes.length !== to - from) return false;
  for (let i = 0; i < keyBytes.length; i++) if (keyBytes[i] !== u[from + i]) return false;
  return true;
}

function decodeNames(bytes: Uint8Array): string[] | undefined {
  let at = 0;
  const count = (): number => {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return -1;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return -1;
  };
  const names: string[] = [];
  const n = count();
  if (n < 0 || n > namesMax) return undefined;
  for (let i = 0; i < n; i++) {
    const length = count();
    if (length < 0 || at + length > bytes.length) return undefined;
    names.push(Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("utf8"));
    at += length;
  }
  return at === bytes.length && new Set(names).size === n ? names : undefined;
}

/** An object literal is the fastest way to make objects of one shape. */
function maker(names: readonly string[]): DecoderShape["make"] {
  const fields = names.map(name => `[${JSON.stringify(name)}]: d.read()`).join(", ");
  return new Function(
    "d",
    `return { ${fields.replaceAll(/\["([A-Za-z_$][\w$]*)"\]/g, plainName)} };`,
  ) as DecoderShape["make"];
}

function plainName(bracketed: string, name: string): string {
  // a plain `__proto__:` would set the prototype
  return name === "__proto__" ? bracketed : `"${name}"`;
}
