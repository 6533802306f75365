/** Moves of columns against loops over arrays; every property once with addresses beyond 2 GiB. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { wtf8 } from "../../src/data/key-bytes.ts";
import {
  addI32,
  copyBytes,
  copyRanges,
  fill,
  gather,
  gatherBytes,
  gatheredLength,
  gatherListItems,
  iota,
  joinLines,
  prefixSum,
  rangesLength,
  scatter,
  type ValueWidth,
} from "../../src/kernel/move.ts";
import {
  awkwardStrings,
  beyondTwoGiB,
  fixture,
  type Fixture,
  getI32,
  getU32,
  property,
  putBytes,
  putStrings,
  putU32,
} from "./fixture.ts";

const places = [
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
];
const widths: readonly ValueWidth[] = [1, 4, 8];

function randomBytes(random: Random, n: number): Uint8Array {
  return Uint8Array.from({ length: n }, () => random.below(256));
}

function randomStrings(random: Random, n: number): string[] {
  return Array.from({ length: n }, () =>
    random.below(20) === 0 ? "é".repeat(random.below(300)) : awkwardStrings[random.below(awkwardStrings.length)]!,
  );
}

function getStrings({ kernels }: Fixture, offsets: number, bytes: number, n: number): string[] {
  const at = (i: number) => bytes + kernels.u32[offsets / 4 + i]!;
  return Array.from({ length: n }, (_, i) => Buffer.from(kernels.u8.slice(at(i), at(i + 1))).toString("utf8"));
}

describe.each(places)("at $name", ({ start }) => {
  test("gather and scatter fixed-width values", () => {
    property(20, random => {
      const to = fixture({ start });
      const width = widths[random.below(3)]!;
      const n = random.below(300);
      const source = randomBytes(random, (n + 1) * width);
      const indexes = Array.from({ length: n }, () => random.below(n + 1));
      const src = putBytes(to, source);
      const dst = to.allocator.alloc(n * width + 1);
      gather(to.kernels, width, src, putU32(to, indexes), n, dst);
      const gathered = indexes.flatMap(row => [...source.subarray(row * width, (row + 1) * width)]);
      expect([...to.kernels.u8.subarray(dst, dst + n * width)]).toEqual(gathered);

      const order = indexes
        .map((key, i) => ({ key, i }))
        .sort((a, b) => a.key - b.key || a.i - b.i)
        .map(({ i }) => i);
      const back = to.allocator.alloc(n * width + 1);
      scatter(to.kernels, width, dst, putU32(to, order), n, back);
      const scattered = new Uint8Array(n * width);
      order.forEach((row, i) => scattered.set(gathered.slice(i * width, (i + 1) * width), row * width));
      expect([...to.kernels.u8.subarray(back, back + n * width)]).toEqual([...scattered]);
    });
  });

  test("gather strings, touching nothing beyond their bytes", () => {
    property(30, random => {
      const to = fixture({ start });
      const n = random.below(120);
      const source = randomStrings(random, n + 1);
      const column = putStrings(to, source, random.below(9));
      const indexes = Array.from({ length: random.below(200) }, () => random.below(n + 1));
      const rows = putU32(to, indexes);
      const length = gatheredLength(to.kernels, column.offsets, rows, indexes.length);
      const wanted = indexes.map(row => source[row]!);
      expect(length).toBe(Buffer.byteLength(wanted.join("")));
      const dstOffsets = to.allocator.alloc((indexes.length + 1) * 4);
      const dst = to.allocator.alloc(length + 16);
      to.kernels.u8.fill(0xab, dst, dst + length + 16);
      gatherBytes(to.kernels, column.offsets, column.bytes, rows, indexes.length, dstOffsets, dst, length);
      expect(getStrings(to, dstOffsets, dst, indexes.length)).toEqual(wanted);
      expect([...to.kernels.u8.subarray(dst + length, dst + length + 16)]).toEqual(Array(16).fill(0xab));

      const starts = putU32(
        to,
        indexes.map(row => to.kernels.u32[column.offsets / 4 + row]!),
      );
      const ends = putU32(
        to,
        indexes.map(row => to.kernels.u32[column.offsets / 4 + row + 1]!),
      );
      expect(rangesLength(to.kernels, starts, ends, indexes.length)).toBe(length);
      to.kernels.u8.fill(0xab, dst, dst + length + 16);
      copyRanges(to.kernels, column.bytes, starts, ends, indexes.length, dstOffsets, dst, length);
      expect(getStrings(to, dstOffsets, dst, indexes.length)).toEqual(wanted);
      expect([...to.kernels.u8.subarray(dst + length, dst + length + 16)]).toEqual(Array(16).fill(0xab));
    });
  });

  test("lines, as many as there is room for, lone surrogates replaced", () => {
    property(30, random => {
      const to = fixture({ start });
      const { kernels, allocator } = to;
      const surrogates = ["\ud800", "\udfff", "a\udc00b".repeat(7), "퟿"];
      const strings = randomStrings(random, 1 + random.below(60)).map(text =>
        random.below(6) === 0 ? text + surrogates[random.below(surrogates.length)]! : text,
      );
      const cells = strings.map(text => wtf8(text));
      const offsets = putU32(
        to,
        cells.reduce((ends, cell) => [...ends, ends.at(-1)! + cell.length], [3]),
      );
      const bytes = putBytes(to, Buffer.concat([Buffer.from("abc"), ...cells]));
      const lines = strings.map(text => Buffer.from(`${text}\n`));
      const whole = lines.reduce((sum, line) => sum + line.length, 0);
      const room = random.below(2) === 0 ? whole : random.below(whole + 1);
      const dst = allocator.put(room + 16);
      kernels.u8.fill(0xab, dst, dst + room + 16);
      const done = joinLines(kernels, offsets, bytes, strings.length, dst, room);
      const given = Buffer.concat(lines.slice(0, done));
      expect(Buffer.from(kernels.u8.slice(dst, dst + given.length))).toEqual(given);
      expect([...kernels.u8.subarray(dst + room, dst + room + 16)]).toEqual(Array(16).fill(0xab));
      if (done < lines.length) expect(given.length + lines[done]!.length).toBeGreaterThan(room);
    });
  });

  test("gather lists", () => {
    property(20, random => {
      const to = fixture({ start });
      const n = 1 + random.below(50);
      const offsets = [random.below(5)];
      for (let i = 0; i < n; i++) offsets.push(offsets[i]! + random.below(6));
      const indexes = Array.from({ length: random.below(80) }, () => random.below(n));
      const at = putU32(to, offsets);
      const rows = putU32(to, indexes);
      const wanted = indexes.map(row =>
        Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, i) => offsets[row]! + i),
      );
      const items = gatheredLength(to.kernels, at, rows, indexes.length);
      const dstOffsets = to.allocator.alloc((indexes.length + 1) * 4);
      const dstItems = to.allocator.alloc(items * 4 + 4);
      gatherListItems(to.kernels, at, rows, indexes.length, dstOffsets, dstItems);
      expect(getU32(to, dstItems, items)).toEqual(wanted.flat());
      let end = 0;
      expect(getU32(to, dstOffsets, indexes.length + 1)).toEqual([0, ...wanted.map(row => (end += row.length))]);
    });
  });

  test("fill, iota, offsets and sums of any length", () => {
    property(20, random => {
      const to = fixture({ start });
      const n = random.below(70);
      const at = to.allocator.alloc((n + 2) * 8);
      to.kernels.u8.fill(0xcd, at, at + (n + 2) * 8);
      iota(to.kernels, at, n, 5);
      expect(getU32(to, at, n + 1)).toEqual([...Array.from({ length: n }, (_, i) => i + 5), 0xcdcdcdcd]);
      addI32(to.kernels, at, n, -9, at);
      expect(getI32(to, at, n)).toEqual(Array.from({ length: n }, (_, i) => i - 4));
      fill(to.kernels, 4, at, n, -3);
      expect(getI32(to, at, n + 1)).toEqual([...Array<number>(n).fill(-3), 0xcdcdcdcd | 0]);
      fill(to.kernels, 8, at, n, -0.5);
      expect([...to.kernels.f64.subarray(at / 8, at / 8 + n)]).toEqual(Array<number>(n).fill(-0.5));
      fill(to.kernels, 1, at, n, 7);
      expect([...to.kernels.u8.subarray(at, at + n)]).toEqual(Array<number>(n).fill(7));

      const lengths = Array.from({ length: n }, () => random.below(1000));
      const sums = to.allocator.alloc((n + 1) * 4);
      let sum = 11;
      const wanted = [11, ...lengths.map(length => (sum += length))];
      expect(prefixSum(to.kernels, putU32(to, lengths), n, sums, 11)).toBe(sum);
      expect(getU32(to, sums, n + 1)).toEqual(wanted);
      copyBytes(to.kernels, sums, n * 4, at);
      expect(getU32(to, at, n)).toEqual(wanted.slice(0, n));
    });
  });
});

test("long columns are moved in several calls", () => {
  const to = fixture();
  const n = 600_001;
  const source = to.allocator.alloc(n * 4);
  const indexes = to.allocator.alloc(n * 4);
  const dst = to.allocator.alloc(n * 4);
  for (let i = 0; i < n; i++) {
    to.kernels.u32[source / 4 + i] = i * 7;
    to.kernels.u32[indexes / 4 + i] = n - 1 - i;
  }
  gather(to.kernels, 4, source, indexes, n, dst);
  const isReversed = to.kernels.u32.subarray(dst / 4, dst / 4 + n).every((value, i) => value === (n - 1 - i) * 7);
  expect(isReversed).toBe(true);
});

test("a sum beyond 32 bits shows, and a column that long is refused", () => {
  const to = fixture();
  const lengths = putU32(to, [0x7fffffff, 0x7fffffff, 0x7fffffff]);
  expect(prefixSum(to.kernels, lengths, 3, to.allocator.alloc(16))).toBe(3 * 0x7fffffff);
  const { offsets, bytes } = putStrings(to, ["a"]);
  const dst = to.allocator.alloc(8);
  const attempt = () => gatherBytes(to.kernels, offsets, bytes, putU32(to, [0]), 1, dst, dst, 2 ** 31);
  expect(attempt).toThrow("a column would hold 2147483648 bytes in one batch; the most is 2147483647");
});
