/** A column type as a few bytes, for block headers. Decoding arbitrary bytes gives a type or undefined. */
import { Buffer } from "node:buffer";
import { hasStorage } from "./layout.ts";
import type { ColumnType, ListContainer } from "./schema.ts";

const plain = ["f64", "f32", "i32", "u8", "i64", "bool", "date", "utf8", "any"] as const;
const constants = [undefined, null, false, true] as const;
const containers: readonly ListContainer[] = ["array", "Float64Array", "Float32Array", "Int32Array", "Uint8Array"];
const code = { constant: 16, dictionary: 17, tuple: 18, object: 19, list: 20, optional: 21 } as const;
const depthMax = 32;

export function encodeType(type: ColumnType): Uint8Array {
  const out: number[] = [];
  write(type, out);
  return Uint8Array.from(out);
}

function write(type: ColumnType, out: number[]): void {
  switch (type.kind) {
    case "constant":
      out.push(code.constant, constants.indexOf(type.value));
      return;
    case "dictionary":
      out.push(code.dictionary);
      return write(type.values, out);
    case "struct":
      out.push(type.shape.of === "tuple" ? code.tuple : code.object, type.fields.length & 255, type.fields.length >> 8);
      for (const [i, field] of type.fields.entries()) {
        if (type.shape.of === "object") writeName(type.shape.names[i]!, out);
        write(field, out);
      }
      return;
    case "list":
      out.push(code.list, containers.indexOf(type.container));
      return write(type.item, out);
    case "optional":
      out.push(code.optional, type.absent === null ? 1 : 0);
      return write(type.item, out);
    default:
      // spans are stored as a column of strings
      out.push(plain.indexOf(type.kind === "spans" ? "utf8" : type.kind));
  }
}

/** Names are UTF-16, because a property name may hold lone surrogates. */
function writeName(name: string, out: number[]): void {
  const bytes = Buffer.from(name, "utf16le");
  out.push(bytes.length & 255, (bytes.length >> 8) & 255, (bytes.length >> 16) & 255, bytes.length >>> 24, ...bytes);
}

export function decodeType(bytes: Uint8Array): ColumnType | undefined {
  const reader = new TypeReader(bytes);
  const type = reader.read(0);
  return reader.at === bytes.length ? type : undefined;
}

class TypeReader {
  at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  private byte(): number {
    return this.bytes[this.at++] ?? -1;
  }

  read(depth: number): ColumnType | undefined {
    if (depth > depthMax) return undefined;
    const first = this.byte();
    const kind = plain[first];
    if (kind !== undefined) return { kind };
    switch (first) {
      case code.constant: {
        const which = this.byte();
        return which >= 0 && which < constants.length ? { kind: "constant", value: constants[which] } : undefined;
      }
      case code.dictionary: {
        const values = this.read(depth + 1);
        return values && hasStorage(values) ? { kind: "dictionary", values } : undefined;
      }
      case code.tuple:
      case code.object:
        return this.struct(first === code.object, depth);
      case code.list: {
        const container = containers[this.byte()];
        const item = this.read(depth + 1);
        return container && item && fits(container, item) ? { kind: "list", container, item } : undefined;
      }
      case code.optional: {
        const absent = this.byte() === 1 ? null : undefined;
        const item = this.read(depth + 1);
        return item && { kind: "optional", absent, item };
      }
      default:
        return undefined;
    }
  }

  private struct(named: boolean, depth: number): ColumnType | undefined {
    const count = this.byte() | (this.byte() << 8);
    const names: string[] = [];
    const fields: ColumnType[] = [];
    for (let i = 0; i < count; i++) {
      const name = named ? this.name() : "";
      const field = name === undefined ? undefined : this.read(depth + 1);
      if (field === undefined) return undefined;
      names.push(name!);
      fields.push(field);
    }
    if (!named) return { kind: "struct", shape: { of: "tuple" }, fields };
    return new Set(names).size === count ? { kind: "struct", shape: { of: "object", names }, fields } : undefined;
  }

  private name(): string | undefined {
    const length = this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24);
    if (length < 0 || this.at + length > this.bytes.length) return undefined;
    const name = Buffer.from(this.bytes.subarray(this.at, this.at + length)).toString("utf16le");
    this.at += length;
    return name;
  }
}

/** Typed containers hold their own number kind. */
function fits(container: ListContainer, item: ColumnType): boolean {
  switch (container) {
    case "array":
      return hasStorage(item);
    case "Float64Array":
      return item.kind === "f64";
    case "Float32Array":
      return item.kind === "f32";
    case "Int32Array":
      return item.kind === "i32";
    case "Uint8Array":
      return item.kind === "u8";
  }
}
