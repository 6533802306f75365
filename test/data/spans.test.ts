/** Strings that lie anywhere: read, cut, gathered and copied they are what a column of the same strings is. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { readColumn } from "../../src/data/batch-reader.ts";
import { blockBytes } from "../../src/data/block.ts";
import type { Column, SpanColumn } from "../../src/data/column.ts";
import { gather } from "../../src/data/move.ts";
import { sliceColumn } from "../../src/data/slice.ts";
import { hasSpans, withoutSpans } from "../../src/data/spans.ts";
import { Arena } from "../../src/kernel/arena.ts";
import { asPtr } from "../../src/kernel/ptr.ts";
import { CheckedAllocator, testKernels } from "./test-kernels.ts";

const texts = ["", "a", "two words", "é", "漢字", "😀 and more", "x".repeat(40), "y".repeat(300)];

/** Random strings, in any order, some over each other, counted from an address before them. */
function randomSpans(random: Random, memory: Arena, rows: number, far = false): { column: SpanColumn; rows: string[] } {
  const u8 = testKernels.u8;
  const places = texts.map(text => {
    const bytes = new TextEncoder().encode(text);
    // far apart a reader cannot decode them in one piece
    const ptr = memory.alloc(Math.max(16, bytes.length) + (far ? 1 << 20 : 0));
    u8.set(bytes, ptr);
    return { ptr, bytes: bytes.length };
  });
  const base = Math.min(...places.map(place => place.ptr)) - 64;
  const [starts, ends] = [memory.alloc(rows * 4 + 4), memory.alloc(rows * 4 + 4)];
  const chosen = Array.from({ length: rows }, (_, row) => {
    const which = random.below(random.below(3) === 0 ? 3 : texts.length);
    const { ptr, bytes } = places[which]!;
    testKernels.u32[starts / 4 + row] = ptr - base;
    testKernels.u32[ends / 4 + row] = ptr - base + bytes;
    return texts[which]!;
  });
  return { column: { kind: "spans", rows, starts, ends, bytes: asPtr(base) }, rows: chosen };
}

const read = (column: Column): unknown[] => readColumn(testKernels, column).toArray();

test("spans are the strings that they are of", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const allocator = new CheckedAllocator();
    const memory = new Arena(allocator);
    const { column, rows } = randomSpans(random, memory, random.below(40), seed % 10 === 0);
    const n = rows.length;
    expect({ seed, rows: read(column) }).toEqual({ seed, rows });
    const [from, to] = [random.below(n + 1), random.below(n + 1)].sort((a, b) => a - b) as [number, number];
    expect({ seed, rows: read(sliceColumn(column, from, to)) }).toEqual({ seed, rows: rows.slice(from, to) });
    const copied = withoutSpans(testKernels, memory, column);
    expect(hasSpans(copied)).toBe(false);
    expect({ seed, rows: read(copied) }).toEqual({ seed, rows });
    expect(blockBytes(testKernels, { rows: n, root: column })).toBe(blockBytes(testKernels, { rows: n, root: copied }));
    const indexes = Array.from({ length: n === 0 ? 0 : random.below(50) }, () => random.below(n));
    const at = memory.alloc(indexes.length * 4 + 4);
    testKernels.u32.set(indexes, at / 4);
    const gathered = gather(testKernels, allocator, { rows: n, root: column }, at, indexes.length);
    expect({ seed, rows: read(gathered.root) }).toEqual({ seed, rows: indexes.map(index => rows[index]!) });
    gathered.free();
    memory.close();
    expect(allocator.liveBytes).toBe(0);
  }
});

test("only strings are copied, and a single row not even so", () => {
  const memory = new Arena(new CheckedAllocator());
  const { column, rows } = randomSpans(new Random(7), memory, 5);
  const values = memory.alloc(40);
  const validity = memory.alloc(5);
  testKernels.u8.set([1, 0, 1, 1, 0], validity);
  const fields: Column[] = [column, { kind: "f64", rows: 5, values }];
  const pairs: Column = { kind: "struct", rows: 5, shape: { of: "tuple" }, fields };
  const optional: Column = { kind: "optional", rows: 5, absent: null, validity, item: column };
  expect([hasSpans(pairs), hasSpans(optional), hasSpans(fields[1]!)]).toEqual([true, true, false]);
  const copied = withoutSpans(testKernels, memory, pairs) as Column & { kind: "struct" };
  expect(copied.fields[1]).toBe(fields[1]!);
  expect(read(copied.fields[0]!)).toEqual(rows);
  expect(read(withoutSpans(testKernels, memory, optional))).toEqual([rows[0]!, null, rows[2]!, rows[3]!, null]);
  expect(withoutSpans(testKernels, memory, copied)).toBe(copied);
  const one = withoutSpans(testKernels, memory, sliceColumn(column, 3, 4)) as Column & { kind: "utf8" };
  expect([one.bytes, read(one)]).toEqual([column.bytes, [rows[3]!]]);
});
