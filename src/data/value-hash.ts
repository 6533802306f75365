/**
 * Hashes of JavaScript values by the definition of kernels/hash.ts: the kernels' own primitives on scratch memory, one value at
 * a time, so that there is one definition only. Kinds beyond the kernels': a typed array of integers is its bytes under a kind
 * of its own, one of floats the array of its numbers under such a kind; instances are arrays of their parts (order.ts).
 */
import { Buffer } from "node:buffer";
import type { Allocator } from "../kernel/allocator.ts";
import { hashKind, hashKindFree } from "../kernel/hash.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import { wtf8 } from "./key-bytes.ts";
import { binaryRank, partsOf, rank, rankOf } from "./order.ts";
import { writeShortUtf8, writeUtf8 } from "./text-bytes.ts";
import { bytesOf } from "./value-kinds.ts";
import { binaryKinds, type BinaryKind, valueDepthMax } from "./value-tags.ts";

const instanceKind = hashKindFree + 31;

/** The kind under which a typed array's bytes or numbers are hashed. */
export function binaryHashKind(kind: BinaryKind | "array"): number {
  return hashKindFree + binaryKinds.indexOf(kind as BinaryKind);
}

const namesMax = 256;
/** Room for longer texts is made to measure. */
const longTextUnits = 1024 * 1024;

/** One number, then three slots of 8 bytes for each level of nesting. */
const stackBytes = 16 + (valueDepthMax + 2) * 24;

export class ValueHasher {
  private readonly stack: Ptr;
  private readonly number: number;
  private text: Ptr = nullPtr;
  private textView: Buffer = Buffer.alloc(0);
  private top: number;
  /** Hashes of property names, each computed once. */
  private readonly names = new Map<string, Ptr>();
  private namesArea: Ptr = nullPtr;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {
    this.stack = allocator.alloc(stackBytes);
    this.number = this.stack / 8;
    this.top = this.stack + 16;
  }

  free(): void {
    this.allocator.free(this.stack, stackBytes);
    if (this.text !== nullPtr) this.allocator.free(this.text, this.textView.length);
    if (this.namesArea !== nullPtr) this.allocator.free(this.namesArea, namesMax * 8);
  }

  /** Writes the value's hash at `out`. */
  hash(value: unknown, out: Ptr): void {
    const { run, f64 } = this.kernels;
    const tag = rankOf(value);
    switch (tag) {
      case rank.number:
        f64[this.number] = value as number;
        return run.hashF64(this.stack, 1, out);
      case rank.string:
        return this.string(value as string, out);
      case rank.undefined:
        return run.hashConstant(hashKind.undefined, 1, out);
      case rank.null:
        return run.hashConstant(hashKind.null, 1, out);
      case rank.false:
        return run.hashConstant(hashKind.false, 1, out);
      case rank.true:
        return run.hashConstant(hashKind.true, 1, out);
      case rank.bigint:
        return this.bigint(value as bigint, out);
      case rank.date:
        f64[this.number] = (value as Date).getTime();
        return run.hashNumbersAs(hashKind.date, this.stack, 1, out);
      default:
        this.top += 24;
        this.container(tag, value as object, out, (this.top - 24) as Ptr);
        this.top -= 24;
    }
  }

  private container(tag: number, value: object, out: Ptr, frame: Ptr): void {
    switch (tag) {
      case rank.array:
        return this.items(hashKind.array, value as unknown[], out, frame);
      case rank.set:
        return this.set(value as Set<unknown>, out, frame);
      case rank.map:
        return this.entries(hashKind.map, value as Map<unknown, unknown>, out, frame);
      case rank.object:
        return this.object(value as Record<string, unknown>, out, frame);
      case rank.binary:
        return this.binary(value, out, frame);
      default:
        return this.items(instanceKind, partsOf(value), out, frame);
    }
  }

  private items(kind: number, items: ArrayLike<unknown>, out: Ptr, frame: Ptr): void {
    const { run } = this.kernels;
    const item = offset(frame, 8);
    run.startArrays(kind, 1, frame);
    for (let i = 0; i < items.length; i++) {
      this.hash(items[i], item);
      run.combineHashes(item, 1, frame);
    }
    run.finishArrays(items.length, 1, frame);
    run.copyBytes(frame, 8, out);
  }

  private entries(kind: number, entries: Iterable<readonly [unknown, unknown]>, out: Ptr, frame: Ptr): void {
    const { run } = this.kernels;
    const key = offset(frame, 8);
    const item = offset(frame, 16);
    let count = 0;
    run.fill8(frame, 1, 0);
    for (const [name, value] of entries) {
      this.hash(name, key);
      this.hash(value, item);
      run.addField(key, item, 1, frame);
      count++;
    }
    run.finishObjects(kind, count, 1, frame);
    run.copyBytes(frame, 8, out);
  }

  private object(value: Record<string, unknown>, out: Ptr, frame: Ptr): void {
    const { run } = this.kernels;
    const item = offset(frame, 16);
    let count = 0;
    run.fill8(frame, 1, 0);
    for (const name in value) {
      this.hash(value[name], item);
      run.addField(this.nameHash(name, offset(frame, 8)), item, 1, frame);
      count++;
    }
    run.finishObjects(hashKind.object, count, 1, frame);
    run.copyBytes(frame, 8, out);
  }

  /** Where a name's hash is: remembered, or else computed into `slot`. */
  private nameHash(name: string, slot: Ptr): Ptr {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    if (this.names.size === namesMax) {
      this.string(name, slot);
      return slot;
    }
    if (this.namesArea === nullPtr) this.namesArea = this.allocator.alloc(namesMax * 8);
    const at = offset(this.namesArea, this.names.size * 8);
    this.string(name, at);
    this.names.set(name, at);
    return at;
  }

  /** A Set is the sum of its items paired with the seed of its kind, which is what a begun array is. */
  private set(items: Set<unknown>, out: Ptr, frame: Ptr): void {
    const { run } = this.kernels;
    const key = offset(frame, 8);
    const item = offset(frame, 16);
    run.fill8(frame, 1, 0);
    run.startArrays(hashKind.set, 1, key);
    for (const value of items) {
      this.hash(value, item);
      run.addField(key, item, 1, frame);
    }
    run.finishObjects(hashKind.set, items.size, 1, frame);
    run.copyBytes(frame, 8, out);
  }

  private binary(value: object, out: Ptr, frame: Ptr): void {
    const kind = hashKindFree + binaryRank(value);
    if (value instanceof Float64Array || value instanceof Float32Array || /^Float/.test(value.constructor.name)) {
      return this.items(kind, value as Float64Array, out, frame);
    }
    const bytes = bytesOf(value);
    this.reserveText(bytes.length);
    this.textView.set(bytes);
    this.kernels.run.hashBytes(kind, this.text, bytes.length, out);
  }

  private string(text: string, out: Ptr): void {
    this.reserveText(text.length > longTextUnits ? Buffer.byteLength(text) : text.length * 3);
    let length = text.length <= 16 ? writeShortUtf8(this.textView, text, 0) : -1;
    if (length >= 0) {
      // done
    } else if (text.isWellFormed()) {
      length = writeUtf8(this.textView, text, 0, this.textView.length);
    } else {
      const bytes = wtf8(text);
      this.textView.set(bytes);
      length = bytes.length;
    }
    this.kernels.run.hashBytes(hashKind.string, this.text, length, out);
  }

  private bigint(value: bigint, out: Ptr): void {
    const { run, i64 } = this.kernels;
    if (BigInt.asIntN(64, value) === value) {
      i64[this.number] = value;
      return run.hashI64(this.stack, 1, out);
    }
    const bytes: number[] = [];
    let rest = value;
    // until what is left is the sign that the last byte's top bit says already
    do {
      bytes.push(Number(BigInt.asUintN(8, rest)));
      rest >>= 8n;
    } while (rest !== (bytes[bytes.length - 1]! >= 128 ? -1n : 0n));
    this.reserveText(bytes.length);
    this.textView.set(bytes);
    run.hashBytes(hashKind.longBigint, this.text, bytes.length, out);
  }

  private reserveText(bytes: number): void {
    if (bytes <= this.textView.length && this.text !== nullPtr) return;
    const size = bytes > longTextUnits ? bytes : Math.max(256, bytes, this.textView.length * 2);
    const ptr = this.allocator.alloc(size);
    if (this.text !== nullPtr) this.allocator.free(this.text, this.textView.length);
    this.text = ptr;
    this.textView = Buffer.from(this.kernels.memory.buffer as unknown as ArrayBuffer, ptr, size);
  }
}
