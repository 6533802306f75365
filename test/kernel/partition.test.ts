/** Partitioning against plain loops: ids, counts, and the stable order that index vectors, positions and strings all follow. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { gather, scatter } from "../../src/kernel/move.ts";
import { orderKeys } from "../../src/kernel/normalize.ts";
import {
  countPartitionBytes,
  countPartitions,
  partitionIds,
  rangeIdsBytes,
  rangeIdsF64,
  rangeIdsU64,
  scatterBytes,
  scatterIndexes,
  scatterPositions,
  startsOf,
  writeBoundWords,
} from "../../src/kernel/partition.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import {
  awkwardNumbers,
  awkwardStrings,
  beyondTwoGiB,
  fixture,
  type Fixture,
  getU32,
  property,
  putF64,
  putStrings,
  putU32,
  putU64,
} from "./fixture.ts";

function randomU64(random: Random): bigint {
  return (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
}

/** −0 equals 0, NaN last. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -1 : 1;
}

function cursors(to: Fixture, counts: Ptr, parts: number): Ptr {
  const starts = to.allocator.alloc(parts * 4);
  startsOf(to.kernels, counts, parts, starts);
  return starts;
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("a hash's partition is its high half scaled", () => {
    property(20, random => {
      const to = fixture({ start });
      const parts = 1 + random.below([1, 8, 1000, 1_000_000][random.below(4)]!);
      const hashes = [0n, 2n ** 64n - 1n, ...Array.from({ length: random.below(200) }, () => randomU64(random))].sort(
        (a, b) => (a < b ? -1 : 1),
      );
      const ids = to.allocator.alloc(hashes.length * 4);
      partitionIds(to.kernels, putU64(to, hashes), hashes.length, parts, ids);
      const got = getU32(to, ids, hashes.length);
      expect(got).toEqual(hashes.map(hash => Number(((hash >> 32n) * BigInt(parts)) >> 32n)));
      expect(got).toEqual(got.toSorted((a, b) => a - b));
    });
  });

  test("ranges of numbers", () => {
    property(40, random => {
      const to = fixture({ start });
      const value = () =>
        random.below(3) === 0 ? awkwardNumbers[random.below(awkwardNumbers.length)]! : random.below(50) - 25;
      const bounds = Array.from({ length: random.below(40) }, value).sort(compareNumbers);
      const values = Array.from({ length: random.below(200) }, value);
      const n = values.length;
      const wanted = values.map(one => bounds.filter(bound => compareNumbers(bound, one) < 0).length);
      const boundKeys = to.allocator.alloc(bounds.length * 8 + 8);
      orderKeys(to.kernels, "f64", putF64(to, bounds), bounds.length, boundKeys);
      const at = putF64(to, values);
      const ids = to.allocator.alloc(n * 4 + 4);
      rangeIdsF64(to.kernels, at, n, boundKeys, bounds.length, ids);
      expect(getU32(to, ids, n)).toEqual(wanted);
      const keys = to.allocator.alloc(n * 8 + 8);
      orderKeys(to.kernels, "f64", at, n, keys);
      rangeIdsU64(to.kernels, keys, n, boundKeys, bounds.length, ids);
      expect(getU32(to, ids, n)).toEqual(wanted);
    });
  });

  test("ranges of strings", () => {
    property(40, random => {
      const to = fixture({ start });
      const common = random.below(2) === 0 ? "" : "prefix".repeat(random.below(4));
      const value = () => common + awkwardStrings[random.below(awkwardStrings.length)]! + "ab\0"[random.below(4)];
      const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      const bounds = Array.from({ length: random.below(30) }, value).sort(compare);
      const values = Array.from({ length: random.below(100) }, value);
      const column = putStrings(to, values, 3);
      const boundColumn = putStrings(to, bounds, 1);
      const ids = to.allocator.alloc(values.length * 4 + 4);
      const words = to.allocator.alloc(bounds.length * 8 + 8);
      const all = { ...boundColumn, count: bounds.length, words };
      writeBoundWords(to.kernels, all);
      rangeIdsBytes(to.kernels, column.offsets, column.bytes, values.length, all, ids);
      expect(getU32(to, ids, values.length)).toEqual(
        values.map(one => bounds.filter(bound => compare(bound, one) < 0).length),
      );
    });
  });

  test("index vectors, positions and strings follow one stable order", () => {
    property(40, random => {
      const to = fixture({ start });
      const { kernels, allocator } = to;
      const parts = 1 + random.below(20);
      const n = random.below(300);
      const skewed = random.below(2) === 0;
      const ids = Array.from({ length: n }, () =>
        skewed ? Math.floor(random.float() ** 4 * parts) : random.below(parts),
      );
      const wanted = [...ids.keys()].sort((a, b) => ids[a]! - ids[b]! || a - b);
      const idsAt = putU32(to, ids);
      const counts = allocator.alloc(parts * 4);
      countPartitions(kernels, idsAt, n, parts, counts);
      const wantedCounts = Array.from({ length: parts }, (_, p) => ids.filter(id => id === p).length);
      expect(getU32(to, counts, parts)).toEqual(wantedCounts);

      const indexes = allocator.alloc(n * 4 + 4);
      const ends = cursors(to, counts, parts);
      scatterIndexes(kernels, idsAt, n, ends, indexes);
      expect(getU32(to, indexes, n)).toEqual(wanted);
      let end = 0;
      expect(getU32(to, ends, parts)).toEqual(wantedCounts.map(rows => (end += rows)));

      const values = putF64(
        to,
        ids.map((id, i) => id * 1000 + i),
      );
      const [gathered, scattered, positions] = [
        allocator.alloc(n * 8 + 8),
        allocator.alloc(n * 8 + 8),
        allocator.alloc(n * 4 + 4),
      ];
      gather(kernels, 8, values, indexes, n, gathered);
      scatterPositions(kernels, idsAt, n, cursors(to, counts, parts), positions);
      scatter(kernels, 8, values, positions, n, scattered);
      expect([...kernels.f64.subarray(scattered / 8, scattered / 8 + n)]).toEqual([
        ...kernels.f64.subarray(gathered / 8, gathered / 8 + n),
      ]);

      const texts = ids.map((_, i) => awkwardStrings[i % awkwardStrings.length]!);
      const column = putStrings(to, texts, 5);
      const length = Buffer.byteLength(texts.join(""));
      const byteCounts = allocator.alloc(parts * 4);
      countPartitionBytes(kernels, idsAt, column.offsets, n, parts, byteCounts);
      const [dstOffsets, dst] = [allocator.alloc(n * 4 + 4), allocator.alloc(length + 16)];
      kernels.u8.fill(0xab, dst, dst + length + 16);
      scatterBytes(
        kernels,
        idsAt,
        column.offsets,
        column.bytes,
        n,
        cursors(to, counts, parts),
        cursors(to, byteCounts, parts),
        dstOffsets,
        dst,
      );
      const bounds = getU32(to, dstOffsets, n + 1);
      const got = wanted.map((_, i) =>
        Buffer.from(kernels.u8.slice(dst + bounds[i]!, dst + bounds[i + 1]!)).toString("utf8"),
      );
      expect(got).toEqual(wanted.map(row => texts[row]!));
      expect(kernels.u8[dst + length]).toBe(0xab);
    });
  });
});
