/**
 * Canonical key bytes of the rows of a column (key-bytes.ts says what they are), the same for equal values in any layout.
 * Numbers, booleans, Dates, strings and structs of them are written by kernels, column by column; the rest row by row
 * (key-cells.ts).
 */
import { Buffer } from "node:buffer";
import type { Allocator } from "../kernel/allocator.ts";
import { KeyBytes, type KeyColumnOptions } from "../kernel/key-bytes.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { gatherBytes, gatheredLength } from "../kernel/move.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { Column } from "./column.ts";
import type { EncodedKeys } from "./contracts.ts";
import { gatherColumn } from "./gather.ts";
import { keyOf, KeyWriter, sortedNames } from "./key-bytes.ts";
import { keyCell } from "./key-cells.ts";
import { rank } from "./order.ts";

export { hashColumn } from "./hash.ts";

/** Of every row: two values are equal exactly when their key bytes are, and `memcmp` of the bytes is the order of values. */
export function encodeKeys(kernels: Kernels, allocator: Allocator, column: Column): EncodedKeys {
  if (column.rows === 0 || isByCell(column)) return encodeByCell(kernels, allocator, column);
  const plan = new KeyPlan(kernels, allocator);
  let keys: KeyBytes | undefined;
  try {
    plan.column(column, nullPtr);
    keys = new KeyBytes(kernels, allocator, column.rows);
    return plan.run(keys);
  } catch (thrown) {
    if (keys !== undefined) allocator.free(keys.offsets, keys.offsetsBytes);
    throw thrown;
  } finally {
    keys?.free();
    plan.free();
  }
}

/** Layouts that no kernel encodes as a whole. */
function isByCell(column: Column): boolean {
  return column.kind === "any" || column.kind === "list" || column.kind === "i64" || column.kind === "u8";
}

function encodeByCell(kernels: Kernels, allocator: Allocator, column: Column): EncodedKeys {
  const { rows } = column;
  const offsetsBytes = (rows + 1) * 4;
  const offsets = allocator.alloc(offsetsBytes);
  const writer = new KernelKeyWriter(kernels, allocator);
  try {
    const ends = new Int32Array(kernels.memory.buffer, offsets, rows + 1);
    const cell = keyCell(kernels, column, writer);
    ends[0] = 0;
    writer.reserve(Math.max(16, rows * 12));
    for (let i = 0; i < rows; i++) {
      cell(i);
      ends[i + 1] = writer.at;
    }
    writer.settle();
  } catch (thrown) {
    allocator.free(offsets, offsetsBytes);
    writer.free();
    throw thrown;
  }
  return { offsets, offsetsBytes, bytes: writer.ptr, bytesLength: writer.u.length };
}

const longKeyBytes = 1024 * 1024;

class KernelKeyWriter extends KeyWriter {
  ptr: Ptr = nullPtr;

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {
    super();
  }

  reserve(bytes: number): void {
    if (bytes > this.u.length) this.grow(bytes);
  }

  protected override grow(bytes: number): void {
    const length = Math.max(64, this.u.length * 2, bytes);
    if (length > longKeyBytes) return this.growOnHeap(length);
    const ptr = this.allocator.alloc(length);
    const larger = Buffer.from(this.kernels.memory.buffer as unknown as ArrayBuffer, ptr, length);
    larger.set(this.u.subarray(0, this.at));
    this.free();
    this.ptr = ptr;
    this.u = larger;
  }

  /** What may be one long key has memory once, when its length is known. */
  private growOnHeap(length: number): void {
    const larger = Buffer.allocUnsafeSlow(length);
    larger.set(this.u.subarray(0, this.at));
    this.free();
    this.u = larger;
  }

  /** The keys are in engine memory. */
  settle(): void {
    if (this.ptr !== nullPtr) return;
    const length = Math.max(16, this.at);
    this.ptr = this.allocator.alloc(length);
    const keys = Buffer.from(this.kernels.memory.buffer as unknown as ArrayBuffer, this.ptr, length);
    keys.set(this.u.subarray(0, this.at));
    this.u = keys;
  }

  free(): void {
    if (this.ptr !== nullPtr) this.allocator.free(this.ptr, this.u.length);
    this.ptr = nullPtr;
  }
}

/** What is written for each row, in order: each step first says how long it is, then writes. */
class KeyPlan {
  private readonly steps: { readonly add: (keys: KeyBytes) => void; readonly write: (keys: KeyBytes) => void }[] = [];
  private readonly temporary: { readonly ptr: Ptr; readonly bytes: number }[] = [];

  constructor(
    private readonly kernels: Kernels,
    private readonly allocator: Allocator,
  ) {}

  run(keys: KeyBytes): EncodedKeys {
    for (const { add } of this.steps) add(keys);
    const bytesLength = Math.max(16, keys.layOut());
    const bytes = this.allocator.alloc(bytesLength);
    keys.writeTo(bytes);
    for (const { write } of this.steps) write(keys);
    return { offsets: keys.offsets, offsetsBytes: keys.offsetsBytes, bytes, bytesLength };
  }

  free(): void {
    for (const { ptr, bytes } of this.temporary) this.allocator.free(ptr, bytes);
  }

  /** The column's rows where `mask`, if there is one, is not 0. */
  column(column: Column, mask: Ptr): void {
    const options: KeyColumnOptions = { mask };
    switch (column.kind) {
      case "f64":
      case "f32":
      case "i32":
      case "date": {
        const { kind, values } = column;
        this.steps.push({
          add: keys => keys.addFixed(9, options),
          write: keys => keys.writeNumbers(kind, values, options),
        });
        return;
      }
      case "bool":
        this.steps.push({
          add: keys => keys.addFixed(1, options),
          write: keys => keys.writeBool(column.values, options),
        });
        return;
      case "utf8": {
        const { offsets, bytes } = column;
        this.steps.push({
          add: keys => keys.addUtf8(offsets, bytes, options),
          write: keys => keys.writeUtf8(offsets, bytes, options),
        });
        return;
      }
      case "constant":
        return this.bytes(keyOf(column.value), options);
      case "optional":
        return this.optional(column, mask);
      case "struct":
        return this.struct(column, mask);
      case "dictionary":
        return this.coded(column, options);
      default:
        return this.encoded(encodeByCell(this.kernels, this.allocator, column), options);
    }
  }

  /** The keys of the values, each written wherever a row has its code. */
  private coded({ codes, rows, values }: Column & { kind: "dictionary" }, options: KeyColumnOptions): void {
    const { kernels } = this;
    if (values.rows > rows) {
      // few rows of a large dictionary: only the values that they have
      const memory: Allocator = { alloc: bytes => this.temporaryBytes(Math.max(16, bytes)), free() {} };
      return this.column(gatherColumn(kernels, memory, values, codes, rows), options.mask ?? nullPtr);
    }
    const keys = encodeKeys(kernels, this.allocator, values);
    this.temporary.push({ ptr: keys.offsets, bytes: keys.offsetsBytes }, { ptr: keys.bytes, bytes: keys.bytesLength });
    const length = gatheredLength(kernels, keys.offsets, codes, rows);
    const offsets = this.temporaryBytes((rows + 1) * 4);
    const bytes = this.temporaryBytes(Math.max(16, length));
    gatherBytes(kernels, keys.offsets, keys.bytes, codes, rows, offsets, bytes, length);
    this.written(offsets, bytes, options);
  }

  private bytes(bytes: Uint8Array, options: KeyColumnOptions): void {
    this.steps.push({
      add: keys => keys.addFixed(bytes.length, options),
      write: keys => bytes.forEach(byte => keys.writeByte(byte, options)),
    });
  }

  private struct(column: Column & { kind: "struct" }, mask: Ptr): void {
    const { shape, fields } = column;
    const options: KeyColumnOptions = { mask };
    this.bytes(Uint8Array.of(shape.of === "tuple" ? rank.array : rank.object), options);
    if (shape.of === "tuple") {
      for (const field of fields) this.column(field, mask);
    } else {
      for (const { name, key } of sortedNames(shape.names)) {
        this.bytes(key, options);
        this.column(fields[shape.names.indexOf(name)]!, mask);
      }
    }
    this.bytes(Uint8Array.of(0), options);
  }

  private optional(column: Column & { kind: "optional" }, mask: Ptr): void {
    const { rows, validity } = column;
    const { run } = this.kernels;
    const absent = this.temporaryBytes(rows);
    let present = validity;
    if (mask === nullPtr) {
      run.xorBytes(validity, rows, 1, absent);
    } else {
      present = this.temporaryBytes(rows);
      run.andBytes(validity, mask, rows, present);
      run.andNotBytes(mask, validity, rows, absent);
    }
    this.bytes(keyOf(column.absent), { mask: absent });
    this.column(column.item, present);
  }

  private encoded({ offsets, offsetsBytes, bytes, bytesLength }: EncodedKeys, options: KeyColumnOptions): void {
    this.temporary.push({ ptr: offsets, bytes: offsetsBytes }, { ptr: bytes, bytes: bytesLength });
    this.written(offsets, bytes, options);
  }

  /** Keys that are bytes already, copied row by row. */
  private written(offsets: Ptr, bytes: Ptr, options: KeyColumnOptions): void {
    this.steps.push({
      add: keys => keys.addRaw(offsets, options),
      write: keys => keys.writeRaw(offsets, bytes, options),
    });
  }

  private temporaryBytes(bytes: number): Ptr {
    const ptr = this.allocator.alloc(bytes);
    this.temporary.push({ ptr, bytes });
    return ptr;
  }
}
