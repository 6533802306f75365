/** Columns with dictionaries are the same values as columns without, for whoever hashes, compares, gathers or joins them. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { readBatch } from "../../src/data/batch-reader.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import type { Batch, Column } from "../../src/data/column.ts";
import { encodeKeys, hashColumn } from "../../src/data/keys.ts";
import { concat, gather, typeOf } from "../../src/data/move.ts";
import { printType } from "../../src/data/schema.ts";
import type { Allocator } from "../../src/kernel/allocator.ts";
import { Arena } from "../../src/kernel/arena.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { forSeeds } from "./random-values.ts";
import { CheckedAllocator, testKernels as kernels } from "./test-kernels.ts";

const words = ["", "a", "é", "a\0", "🔥🔥", "x".repeat(40)];

function words32(allocator: Allocator, values: readonly number[]): Ptr {
  const ptr = allocator.alloc(values.length * 4);
  kernels.u32.set(values, ptr / 4);
  return ptr;
}

/** `values` has `n` values, some of them twice. */
function dictionaryOf(random: Random, arena: Allocator, rows: number, n = 8): { column: Column; rows: string[] } {
  const values = Array.from({ length: n }, () => words[random.below(words.length)]!);
  const writer = makeBatchWriter(kernels, arena);
  for (const value of values) writer.push(value);
  const codes = Array.from({ length: rows }, () => random.below(n));
  const column = { kind: "dictionary", rows, codes: words32(arena, codes), values: writer.finish().root } as const;
  return { column, rows: codes.map(code => values[code]!) };
}

function plain(arena: Allocator, rows: readonly unknown[]): Batch {
  const writer = makeBatchWriter(kernels, arena);
  for (const row of rows) writer.push(row);
  return writer.finish();
}

/** A dictionary as it is, in an optional column and in a tuple, beside the same rows without. */
function shapes(random: Random, arena: Allocator, rows: number): { root: Column; rows: unknown[] }[] {
  const { column, rows: strings } = dictionaryOf(random, arena, rows);
  const present = Array.from({ length: rows }, (_, i) => (i === 0 ? 1 : random.below(2)));
  const validity = arena.alloc(rows);
  kernels.u8.set(present, validity);
  const optional = { kind: "optional", rows, absent: null, validity, item: column } as const;
  const nullable = strings.map((text, i) => (present[i] === 1 ? text : null));
  const fields = [column, optional];
  return [
    { root: column, rows: strings },
    { root: optional, rows: nullable },
    {
      root: { kind: "struct", rows, shape: { of: "tuple" }, fields },
      rows: strings.map((text, i) => [text, nullable[i]]),
    },
  ];
}

function keyBytes(arena: Allocator, column: Column): string[] {
  const { offsets, bytes } = encodeKeys(kernels, arena, column);
  const ends = kernels.i32.subarray(offsets / 4, offsets / 4 + column.rows + 1);
  return Array.from({ length: column.rows }, (_, i) =>
    Buffer.from(kernels.u8.slice(bytes + ends[i]!, bytes + ends[i + 1]!)).toString("hex"),
  );
}

function hashesOf(arena: Allocator, column: Column): bigint[] {
  const hashes = arena.alloc(column.rows * 8);
  hashColumn(kernels, arena, column, hashes);
  return Array.from(kernels.u64.slice(hashes / 8, hashes / 8 + column.rows));
}

test("hashes and key bytes are those of the values", () => {
  forSeeds(40, seed => {
    const random = new Random(seed);
    const allocator = new CheckedAllocator();
    const arena = new Arena(allocator);
    for (const { root, rows } of shapes(random, arena, 1 + random.below(40))) {
      const without = plain(arena, rows).root;
      expect(readBatch(kernels, { rows: rows.length, root }).toArray()).toEqual(rows);
      expect(keyBytes(arena, root)).toEqual(keyBytes(arena, without));
      expect(hashesOf(arena, root)).toEqual(hashesOf(arena, without));
    }
    arena.close();
    expect(allocator.liveBytes).toBe(0);
  });
});

test("key bytes give back their scratch memory", () => {
  const [allocator, own] = [new CheckedAllocator(), new Arena(new CheckedAllocator())];
  const { column } = dictionaryOf(new Random(1), own, 20);
  const keys = encodeKeys(kernels, allocator, column);
  allocator.free(keys.offsets, keys.offsetsBytes);
  allocator.free(keys.bytes, keys.bytesLength);
  expect(allocator.liveBytes).toBe(0);
});

test("few rows of a large dictionary leave it behind, many keep it", () => {
  forSeeds(40, seed => {
    const random = new Random(seed);
    const arena = new Arena(new CheckedAllocator());
    for (const { root, rows } of shapes(random, arena, 30)) {
      const n = 1 + random.below(30);
      const indexes = Array.from({ length: n }, () => random.below(30));
      const gathered = gather(kernels, arena, { rows: 30, root }, words32(arena, indexes), n);
      expect(readBatch(kernels, gathered).toArray()).toEqual(indexes.map(i => rows[i]!));
      expect(printType(typeOf(gathered.root)).includes("dictionary")).toBe(n >= 8);
    }
    arena.close();
  });
});

test("batches with and without dictionaries become one", () => {
  forSeeds(40, seed => {
    const random = new Random(seed);
    const allocator = new CheckedAllocator();
    const arena = new Arena(allocator);
    for (const shape of [0, 1, 2]) {
      const parts = Array.from({ length: 2 + random.below(3) }, (_, i) => {
        const { root, rows } = shapes(random, arena, 1 + random.below(20))[shape]!;
        return i > 0 && random.below(2) === 0
          ? { ...plain(arena, rows), values: rows }
          : { rows: rows.length, root, values: rows };
      });
      const joined = concat(kernels, allocator, parts);
      expect(readBatch(kernels, joined).toArray()).toEqual(parts.flatMap(part => part.values));
      joined.free();
    }
    arena.close();
    expect(allocator.liveBytes).toBe(0);
  });
});
