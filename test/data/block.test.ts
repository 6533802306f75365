import { expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { readBatch } from "../../src/data/batch-reader.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { blockBytes, blockRows, openBlock, sealBlock, sealedBytes } from "../../src/data/block.ts";
import { decodeType, encodeType } from "../../src/data/block-type.ts";
import type { Batch, Column } from "../../src/data/column.ts";
import { keyOf } from "../../src/data/key-bytes.ts";
import { encodeKeys, hashColumn } from "../../src/data/keys.ts";
import { concat, gather, slice, typeOf } from "../../src/data/move.ts";
import type { ColumnType } from "../../src/data/schema.ts";
import { isFlat } from "../../src/data/flat-column.ts";
import { RowSealer } from "../../src/data/seal-rows.ts";
import { asPtr, type Ptr } from "../../src/kernel/ptr.ts";
import { BumpAllocator, MemoryRefused } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { forSeeds, randomRows, randomValue } from "./random-values.ts";
import { expectSame } from "./same.ts";
import { CheckedAllocator, testKernels as kernels } from "./test-kernels.ts";

function write(allocator: CheckedAllocator, rows: readonly unknown[]): Batch {
  const writer = makeBatchWriter(kernels, allocator);
  for (const row of rows) writer.push(row);
  return writer.finish();
}

function seal(allocator: CheckedAllocator, batch: Batch): { ptr: Ptr; bytes: number } {
  const bytes = blockBytes(kernels, batch);
  const block = sealBlock(kernels, batch, allocator.alloc(bytes));
  expect(block.bytes).toBe(bytes);
  expect(bytes % 16).toBe(0);
  return block;
}

const rowsOf = (batch: Batch) => readBatch(kernels, batch).toArray();

function randomBatch(random: Random): unknown[] {
  const row = random.below(4) === 0 ? () => randomValue(random) : randomRows(random);
  return Array.from({ length: random.below(60) }, row);
}

test("a block holds its batch's rows, wherever its bytes are moved", () => {
  forSeeds(120, seed => {
    const allocator = new CheckedAllocator();
    const rows = randomBatch(new Random(seed));
    const block = seal(allocator, write(allocator, rows));
    expect([blockRows(kernels, block.ptr), sealedBytes(kernels, block.ptr)]).toEqual([rows.length, block.bytes]);
    const bytes = kernels.u8.slice(block.ptr, block.ptr + block.bytes);
    kernels.u8.fill(0xa5, block.ptr, block.ptr + block.bytes);
    const elsewhere = allocator.alloc(block.bytes);
    kernels.u8.set(bytes, elsewhere);
    expectSame(rowsOf(openBlock(kernels, elsewhere, block.bytes)), rows);
  });
});

test("equal rows make equal bytes, whatever was in memory and whichever batch they are a slice of", () => {
  forSeeds(60, seed => {
    const random = new Random(seed);
    const rows = Array.from({ length: 40 }, randomRows(random));
    const [from, to] = [random.below(20), 20 + random.below(20)];
    const allocator = new CheckedAllocator();
    const whole = write(allocator, rows);
    const block = seal(allocator, slice(whole, from, to));
    expectSame(rowsOf(openBlock(kernels, block.ptr)), rows.slice(from, to));
    const again = seal(allocator, gatherAll(allocator, openBlock(kernels, block.ptr)));
    expect(bytesOf(again)).toEqual(bytesOf(block));
  });
});

test("rows sealed in any order are the block of the gathered rows", () => {
  let sealed = 0;
  forSeeds(80, seed => {
    const random = new Random(seed);
    const rows = Array.from({ length: 40 }, randomRows(random));
    const allocator = new CheckedAllocator();
    const batch = slice(write(allocator, rows), 3, 40);
    if (!isFlat(batch.root)) return;
    sealed++;
    const sealer = new RowSealer(kernels, batch);
    for (const n of [1, 20]) {
      const indexes = allocator.alloc(n * 4);
      for (let i = 0; i < n; i++) kernels.u32[indexes / 4 + i] = random.below(batch.rows);
      const bytes = sealer.bytes(indexes, n);
      const block = sealer.seal(indexes, n, allocator.alloc(bytes));
      expect(block.bytes).toBe(bytes);
      expect(bytesOf(block)).toEqual(bytesOf(seal(allocator, gather(kernels, allocator, batch, indexes, n))));
    }
  });
  expect(sealed).toBeGreaterThan(20);
});

function bytesOf(block: { ptr: Ptr; bytes: number }): string {
  return Buffer.from(kernels.u8.slice(block.ptr, block.ptr + block.bytes)).toString("hex");
}

function gatherAll(allocator: CheckedAllocator, batch: Batch): Batch {
  return gather(
    kernels,
    allocator,
    batch,
    indexVector(
      allocator,
      Array.from({ length: batch.rows }, (_, i) => i),
    ),
    batch.rows,
  );
}

function indexVector(allocator: CheckedAllocator, indexes: readonly number[]): Ptr {
  const ptr = allocator.alloc(Math.max(4, indexes.length * 4));
  kernels.u32.set(indexes, ptr / 4);
  return ptr;
}

test("a damaged block is a data error or some other batch, and is never read outside its bytes", () => {
  let refused = 0;
  let opened = 0;
  forSeeds(250, seed => {
    const random = new Random(seed);
    const allocator = new CheckedAllocator();
    const block = seal(allocator, write(allocator, randomBatch(random)));
    const good = kernels.u8.slice(block.ptr, block.ptr + block.bytes);
    for (let k = 0; k < 10; k++) {
      kernels.u8.set(good, block.ptr);
      const end = random.below(3) === 0 ? random.below(block.bytes) : block.bytes;
      // most damage in the header and the type, where it does most harm
      const within = random.below(2) === 0 ? Math.min(64, block.bytes) : block.bytes;
      for (let n = random.below(4); n > 0; n--) kernels.u8[block.ptr + random.below(within)]! ^= 1 << random.below(8);
      try {
        const batch = openBlock(kernels, block.ptr, end);
        for (const span of spans(batch.root)) {
          expect(span.from).toBeGreaterThanOrEqual(block.ptr);
          expect(span.to).toBeLessThanOrEqual(block.ptr + end);
        }
        rowsOf(batch);
        opened++;
      } catch (thrown) {
        if (!(thrown instanceof FiresteelError && thrown.kind === "data")) throw thrown;
        refused++;
      }
    }
  });
  expect(refused).toBeGreaterThan(500);
  expect(opened).toBeGreaterThan(300);
});

/** The bytes that reading a column touches. */
function spans(column: Column): { from: number; to: number }[] {
  const { rows } = column;
  const span = (from: number, bytes: number) => ({ from, to: from + bytes });
  switch (column.kind) {
    case "constant":
      return [];
    case "struct":
      return column.fields.flatMap(spans);
    case "optional":
      return [span(column.validity, rows), ...spans(column.item)];
    case "utf8":
    case "any":
      return [span(column.offsets, rows * 4 + 4), span(column.bytes, kernels.i32[column.offsets / 4 + rows]!)];
    case "list":
      return [span(column.offsets, rows * 4 + 4), ...spans(column.items)];
    case "dictionary":
      return [span(column.codes, rows * 4), ...spans(column.values)];
    case "spans":
      return [];
    default:
      return [span(column.values, rows * { f64: 8, i64: 8, date: 8, f32: 4, i32: 4, u8: 1, bool: 1 }[column.kind])];
  }
}

test("what is no block says so", () => {
  const ptr = new CheckedAllocator().alloc(64);
  kernels.u8.fill(0, ptr, ptr + 64);
  expect(() => openBlock(kernels, ptr)).toThrow("a block is damaged: it does not begin as a block does");
  expect(() => openBlock(kernels, ptr, 16)).toThrow("it is cut short");
  expect(() => openBlock(kernels, asPtr(kernels.u8.length - 16))).toThrow("it is cut short");
});

test("types survive their bytes; random bytes are a type or undefined", () => {
  const type: ColumnType = {
    kind: "struct",
    shape: { of: "object", names: ["a", "\ud800"] },
    fields: [
      { kind: "dictionary", values: { kind: "utf8" } },
      { kind: "optional", absent: null, item: { kind: "list", container: "Int32Array", item: { kind: "i32" } } },
    ],
  };
  expect(decodeType(encodeType(type))).toEqual(type);
  forSeeds(300, seed => {
    const random = new Random(seed);
    const bytes = Uint8Array.from({ length: random.below(12) }, () => random.below(24));
    const decoded = decodeType(bytes);
    if (decoded !== undefined) expect(decodeType(encodeType(decoded))).toEqual(decoded);
  });
});

test("gather picks rows in any order, with repeats, from batches and slices", () => {
  forSeeds(80, seed => {
    const random = new Random(seed);
    const allocator = new CheckedAllocator();
    const rows = randomBatch(random);
    const from = random.below(rows.length + 1);
    const batch = slice(write(allocator, rows), from, rows.length);
    const indexes = batch.rows === 0 ? [] : Array.from({ length: random.below(80) }, () => random.below(batch.rows));
    const vector = indexVector(allocator, indexes);
    const before = allocator.liveBytes;
    const gathered = gather(kernels, allocator, batch, vector, indexes.length);
    expectSame(
      rowsOf(gathered),
      indexes.map(i => rows[from + i]),
    );
    gathered.free();
    expect(allocator.liveBytes).toBe(before);
  });
});

test("concat joins slices of batches, in one layout or several", () => {
  forSeeds(80, seed => {
    const random = new Random(seed);
    const allocator = new CheckedAllocator();
    const makers = Array.from({ length: 1 + random.below(2) }, () => randomRows(random));
    const parts = Array.from({ length: random.below(5) }, () => {
      const rows = Array.from({ length: random.below(20) }, makers[random.below(makers.length)]!);
      const from = random.below(rows.length + 1);
      return { batch: slice(write(allocator, rows), from, rows.length), rows: rows.slice(from) };
    });
    const before = allocator.liveBytes;
    const joined = concat(
      kernels,
      allocator,
      parts.map(part => part.batch),
    );
    expectSame(
      rowsOf(joined),
      parts.flatMap(part => part.rows),
    );
    joined.free();
    expect(allocator.liveBytes).toBe(before);
  });
});

test("dictionaries are sealed, gathered and joined", () => {
  const allocator = new CheckedAllocator();
  const values = write(allocator, ["red", "green", "blue"]).root;
  const dictionary = (codes: readonly number[]): Batch => ({
    rows: codes.length,
    root: { kind: "dictionary", rows: codes.length, codes: indexVector(allocator, codes), values },
  });
  const batch = dictionary([2, 0, 0, 1]);
  const block = seal(allocator, slice(batch, 1, 4));
  const opened = openBlock(kernels, block.ptr, block.bytes);
  expect(rowsOf(opened)).toEqual(["red", "red", "green"]);
  expect(rowsOf(concat(kernels, allocator, [batch, opened]))).toEqual([
    "blue",
    "red",
    "red",
    "green",
    "red",
    "red",
    "green",
  ]);
  const mixed = concat(kernels, allocator, [batch, write(allocator, ["black"])]);
  expect([typeOf(mixed.root).kind, rowsOf(mixed)]).toEqual(["utf8", ["blue", "red", "red", "green", "black"]]);
  const validity = allocator.alloc(16);
  kernels.u8.fill(1, validity, validity + 4);
  const optional: Batch = { rows: 4, root: { kind: "optional", rows: 4, absent: null, validity, item: batch.root } };
  expect(rowsOf(concat(kernels, allocator, [optional, write(allocator, [null])]))).toEqual([
    "blue",
    "red",
    "red",
    "green",
    null,
  ]);
  kernels.i32[(opened.root as Column & { kind: "dictionary" }).codes / 4] = 3;
  expect(() => openBlock(kernels, block.ptr)).toThrow("a dictionary code is out of range");
});

function keysOf(batch: Batch, allocator: CheckedAllocator): { free(): void } {
  const hashes = allocator.alloc(batch.rows * 8);
  try {
    hashColumn(kernels, allocator, batch.root, hashes);
    const keys = encodeKeys(kernels, allocator, batch.root);
    allocator.free(keys.offsets, keys.offsetsBytes);
    allocator.free(keys.bytes, keys.bytesLength);
  } finally {
    allocator.free(hashes, batch.rows * 8);
  }
  return { free() {} };
}

test("gather, concat, hashes and keys give everything back when memory is refused", () => {
  let refused = 0;
  for (let limit = 1000; limit < 40_000; limit += 500) {
    const allocator = new CheckedAllocator();
    const batch = write(
      allocator,
      Array.from({ length: 200 }, (_, i) => ({ id: i, tags: [`tag ${i}`], note: i % 2 === 0 ? undefined : "x" })),
    );
    const odd = write(allocator, ["odd"]);
    const vector = indexVector(
      allocator,
      Array.from({ length: 200 }, (_, i) => 199 - i),
    );
    const before = allocator.liveBytes;
    allocator.limitBytes = before + limit;
    for (const make of [
      () => gather(kernels, allocator, batch, vector, 200),
      () => concat(kernels, allocator, [batch, batch]),
      () => concat(kernels, allocator, [batch, odd]),
      () => keysOf(batch, allocator),
      () => keysOf(odd, allocator),
    ]) {
      try {
        make().free();
      } catch (thrown) {
        if (!(thrown instanceof MemoryRefused)) throw thrown;
        refused++;
      }
      expect(allocator.liveBytes).toBe(before);
    }
  }
  expect(refused).toBeGreaterThan(20);
});

test("everything works above 2 GiB, where addresses no longer fit an i32", () => {
  const memory = createKernelMemory(3 * 2 ** 30);
  const high = instantiateKernels(memory, compileKernels());
  const allocator = new BumpAllocator(2.5 * 2 ** 30, 3 * 2 ** 30);
  forSeeds(20, seed => {
    const random = new Random(seed);
    const rows = Array.from({ length: 30 }, random.below(3) === 0 ? () => randomValue(random) : randomRows(random));
    const writer = makeBatchWriter(high, allocator);
    for (const row of rows) writer.push(row);
    const batch = writer.finish();
    const block = sealBlock(high, batch, allocator.alloc(blockBytes(high, batch)));
    const opened = openBlock(high, block.ptr, block.bytes);
    expect(block.ptr).toBeGreaterThan(2 ** 31);
    const indexes = allocator.alloc(30 * 4);
    for (let i = 0; i < 30; i++) high.u32[indexes / 4 + i] = 29 - i;
    const gathered = gather(high, allocator, opened, indexes, 30);
    expectSame(readBatch(high, concat(high, allocator, [opened, gathered])).toArray(), [...rows, ...rows.toReversed()]);
    const keys = encodeKeys(high, allocator, gathered.root);
    expect(Buffer.from(high.u8.slice(keys.bytes, keys.bytes + high.i32[keys.offsets / 4 + 1]!))).toEqual(
      Buffer.from(keyOf(rows[29])),
    );
    const [hashes, expected] = [allocator.alloc(8 * 30), allocator.alloc(8 * 30)];
    hashColumn(high, allocator, gathered.root, hashes);
    hashColumn(high, allocator, batch.root, expected);
    expect(high.u64[hashes / 8]).toBe(high.u64[expected / 8 + 29]!);
  });
});
