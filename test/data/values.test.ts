/** Equality, order, hashes and key bytes of values, against each other and across layouts. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import type { Batch, Column } from "../../src/data/column.ts";
import { compareValues } from "../../src/data/compare.ts";
import { equalValues } from "../../src/data/equal.ts";
import { keyOf, keyOfText, textOfKey, wtf8 } from "../../src/data/key-bytes.ts";
import { encodeKeys, hashColumn } from "../../src/data/keys.ts";
import { equalTwin, forSeeds, randomRows, randomValue } from "./random-values.ts";
import { CheckedAllocator, testKernels as kernels } from "./test-kernels.ts";

/** Ascending, neighbours unequal. */
const ladder: readonly unknown[] = [
  undefined,
  null,
  false,
  true,
  -Infinity,
  -(2 ** 31),
  -1.5,
  -5e-324,
  0,
  5e-324,
  1,
  2 ** 53,
  Infinity,
  NaN,
  -(2n ** 200n),
  -(2n ** 63n) - 1n,
  -(2n ** 63n),
  -256n,
  -255n,
  -1n,
  0n,
  1n,
  255n,
  256n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 200n,
  "",
  "\0",
  "\0\0",
  "\0a",
  "a",
  "a\0",
  "a\0b",
  "aa",
  "b",
  "é",
  "\ud7ff",
  "\ud800",
  "\ud800a",
  "\ud800\ue000",
  "\udbff",
  "\udc00",
  "\ue000",
  "\uffff",
  "\ud800\udc00",
  "😀",
  "\udbff\udfff",
  new Date(-1),
  new Date(0),
  new Date(1e12),
  new Date(NaN),
  new ArrayBuffer(0),
  new Uint8Array(0),
  new Uint8Array([0]),
  new Uint8Array([0, 0]),
  new Uint8Array([0, 1]),
  new Uint8Array([1]),
  new Uint16Array([1]),
  new Uint16Array([256]),
  new Int32Array([-1]),
  new Int32Array([1]),
  new Float64Array([-1]),
  new Float64Array([0]),
  new Float64Array([0, -5]),
  new Float64Array([NaN]),
  [],
  [undefined],
  [0],
  [0, 0],
  [0, "a"],
  [1],
  ["a"],
  [[]],
  [[0]],
  new Set(),
  new Set([1]),
  new Set([1, 2]),
  new Set([2]),
  new Map(),
  new Map([[1, 1]]),
  new Map([
    [1, 1],
    [2, 0],
  ]),
  new Map([[1, 2]]),
  new Map([[2, 0]]),
  {},
  { a: 1 },
  { a: 1, b: 1 },
  { a: 2 },
  { b: 0 },
];

test("the documented order, pair by pair, in comparison and in key bytes", () => {
  for (const [i, a] of ladder.entries()) {
    for (const [j, b] of ladder.entries()) {
      const label = `${Bun.inspect(a)} and ${Bun.inspect(b)}`;
      expect(Math.sign(compareValues(a, b)), label).toBe(Math.sign(i - j));
      expect(Buffer.compare(keyOf(a), keyOf(b)) as number, `keys of ${label}`).toBe(Math.sign(i - j));
      expect(equalValues(a, b), label).toBe(i === j);
    }
  }
});

test("equality is by value", () => {
  const equal: [unknown, unknown][] = [
    [0, -0],
    [NaN, NaN],
    [[0], [-0]],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [new Set([1, 2]), new Set([2, 1])],
    [
      new Map<unknown, unknown>([
        ["a", [NaN]],
        ["b", 0],
      ]),
      new Map<unknown, unknown>([
        ["b", -0],
        ["a", [NaN]],
      ]),
    ],
    [Buffer.from([1]), new Uint8Array([1])],
    [/a/g, /a/g],
    [new URL("http://a"), new URL("http://a/")],
    [new Error("x"), new Error("x")],
    [
      [, 1],
      [undefined, 1],
    ],
    [Object.create(null), {}],
    [new Float64Array([0]), new Float64Array([-0])],
  ];
  const unequal: [unknown, unknown][] = [
    [1, 1n],
    [1, "1"],
    [null, undefined],
    [{ a: undefined }, {}],
    [[], {}],
    [[1], new Float64Array([1])],
    [/a/, /a/g],
    [new Error("x"), new TypeError("x")],
    [new Map(), new Set()],
    [new Date(1), 1],
  ];
  for (const [a, b] of equal) {
    expect([equalValues(a, b), compareValues(a, b), Buffer.compare(keyOf(a), keyOf(b))]).toEqual([true, 0, 0]);
    expect(hashesOf([a])).toEqual(hashesOf([b]));
  }
  for (const [a, b] of unequal) expect([equalValues(a, b), compareValues(a, b) === 0]).toEqual([false, false]);
});

test("order is total and agrees with equality, key bytes and hashes, for random values", () => {
  forSeeds(30, seed => {
    const random = new Random(seed);
    const values = Array.from({ length: 10 }, () => randomValue(random));
    values.push(...values.slice(0, 5).map(value => equalTwin(random, value)));
    const keys = values.map(keyOf);
    const hashes = hashesOf(values);
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) {
        const order = Math.sign(compareValues(a, b));
        expect(order + Math.sign(compareValues(b, a))).toBe(0);
        expect(Buffer.compare(keys[i]!, keys[j]!)).toBe(order as -1);
        expect(equalValues(a, b)).toBe(order === 0);
        if (order === 0) expect(hashes[i]).toBe(hashes[j]!);
        for (const c of values)
          if (order <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }
    }
    for (let i = 0; i < 5; i++) expect(equalValues(values[i], values[10 + i])).toBe(true);
  });
});

test("native and any layouts agree in hashes and key bytes", () => {
  forSeeds(60, seed => {
    const random = new Random(seed);
    const row = randomRows(random);
    const rows = Array.from({ length: 1 + random.below(40) }, row);
    const expected = rows.map(each => hashesOf([each], true)[0]!);
    expect(hashesOf(rows)).toEqual(expected);
    expect(hashesOf(rows, true)).toEqual(expected);
    withBatch(rows, false, (batch, allocator) => expect(keysOf(batch.root, allocator)).toEqual(rows.map(keyHex)));
    withBatch(rows, true, (batch, allocator) => expect(keysOf(batch.root, allocator)).toEqual(rows.map(keyHex)));
  });
});

test("numbers hash and key alike in every layout that holds them, dictionaries included", () => {
  const allocator = new CheckedAllocator();
  const numbers = [0, 1, 7, 255, 3, 3];
  const n = numbers.length;
  const columns: Column[] = (["f64", "f32", "i32", "u8"] as const).map(kind => {
    const values = allocator.alloc(n * 8);
    const view = { f64: kernels.f64, f32: kernels.f32, i32: kernels.i32, u8: kernels.u8 }[kind];
    view.set(numbers, values / view.BYTES_PER_ELEMENT);
    return { kind, rows: n, values };
  });
  const codes = allocator.alloc(n * 4);
  kernels.i32.set([0, 1, 2, 3, 4, 4], codes / 4);
  columns.push({ kind: "dictionary", rows: n, codes, values: { ...columns[0]!, rows: 5 } as Column });
  const hashes = columns.map(column => hashesOfColumn(column, allocator));
  const keys = columns.map(column => keysOf(column, allocator));
  for (let k = 1; k < columns.length; k++) {
    expect(hashes[k]).toEqual(hashes[0]!);
    expect(keys[k]).toEqual(keys[0]!);
  }
  expect(new Set(hashes[0]).size).toBe(5);
});

test("hashes of slices are those of the rows", () => {
  const rows = [
    ["a", [1]],
    ["b", []],
    ["", [2, 3]],
    ["c", [4]],
  ];
  withBatch(rows, false, (batch, allocator) => {
    const { fields } = batch.root as Column & { kind: "struct" };
    expect(fields[1]!.kind).toBe("list");
    const whole = hashesOfColumn(batch.root, allocator);
    const list = fields[1] as Column & { kind: "list" };
    const sliced = { ...list, rows: 2, offsets: (list.offsets + 8) as typeof list.offsets };
    expect(hashesOfColumn(sliced, allocator)).toEqual(hashesOf([[2, 3], [4]]));
    expect(whole).toEqual(hashesOf(rows, true));
  });
});

function keyHex(value: unknown): string {
  return Buffer.from(keyOf(value)).toString("hex");
}

function keysOf(column: Column, allocator: CheckedAllocator): string[] {
  const before = allocator.liveBytes;
  const { offsets, offsetsBytes, bytes, bytesLength } = encodeKeys(kernels, allocator, column);
  const keys = Array.from({ length: column.rows }, (_, i) => {
    const [from, to] = [kernels.i32[offsets / 4 + i]!, kernels.i32[offsets / 4 + i + 1]!];
    return Buffer.from(kernels.u8.slice(bytes + from, bytes + to)).toString("hex");
  });
  allocator.free(offsets, offsetsBytes);
  allocator.free(bytes, bytesLength);
  expect(allocator.liveBytes).toBe(before);
  return keys;
}

function hashesOfColumn(column: Column, allocator: CheckedAllocator): bigint[] {
  const hashes = allocator.alloc(column.rows * 8);
  const before = allocator.liveBytes;
  hashColumn(kernels, allocator, column, hashes);
  expect(allocator.liveBytes).toBe(before);
  return Array.from(kernels.u64.slice(hashes / 8, hashes / 8 + column.rows));
}

/** A batch of the rows, in an any layout when `odd` forces it. */
function withBatch<T>(
  rows: readonly unknown[],
  odd: boolean,
  use: (batch: Batch, allocator: CheckedAllocator) => T,
): T {
  const allocator = new CheckedAllocator();
  const writer = makeBatchWriter(kernels, allocator);
  for (const row of rows) writer.push(row);
  if (odd) for (const row of ["odd", new Map()]) writer.push(row);
  const batch = writer.finish();
  if (odd) expect(batch.root.kind).toBe("any");
  return use({ rows: rows.length, root: { ...batch.root, rows: rows.length } as Column }, allocator);
}

function hashesOf(rows: readonly unknown[], odd = false): bigint[] {
  return withBatch(rows, odd, (batch, allocator) => hashesOfColumn(batch.root, allocator));
}

test("a string's bytes are in its key", () => {
  for (const text of ["", "a", "\0", "\0\0a\0", "é\0ÿ", "x\u0001\0", "\ud800", "k".repeat(100)]) {
    const bytes = Uint8Array.from(wtf8(text));
    expect(textOfKey(keyOf(text))).toEqual(bytes);
    expect(keyOfText(Buffer.concat([Buffer.from("--"), bytes]), 2, 2 + bytes.length)).toEqual(keyOf(text));
  }
  for (const other of [1, ["a"], null, undefined, { a: 1 }]) expect(textOfKey(keyOf(other))).toBeUndefined();
});
