/** Rows taken from pieces against the same rows of plain arrays; every property once with addresses beyond 2 GiB. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import type { ValueWidth } from "../../src/kernel/move.ts";
import {
  gatheredPartsLength,
  gatherParts,
  gatherPartsBytes,
  hintRows,
  partIds,
  partShift,
} from "../../src/kernel/parts.ts";
import { awkwardStrings, beyondTwoGiB, fixture, property, putBytes, putStrings, putU32 } from "./fixture.ts";

const places = [
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
];
const widths: readonly ValueWidth[] = [1, 4, 8];

/** Sizes of parts, none empty, the ids' shift, and some rows in any order. */
function randomParts(random: Random) {
  const most = random.below(3) === 0 ? 3000 : 40;
  const sizes = Array.from({ length: 1 + random.below(12) }, () => 1 + random.below(most));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const rows = Array.from({ length: random.below(500) }, () => random.below(total));
  return { sizes, rows, shift: partShift(sizes.length, Math.max(...sizes))! };
}

/** The plain twin of partIds. */
function place(sizes: readonly number[], row: number): { part: number; at: number } {
  let [part, at] = [0, row];
  while (at >= sizes[part]!) at -= sizes[part++]!;
  return { part, at };
}

test("a shift leaves room for the parts, or there is none", () => {
  expect(partShift(4, 8192)).toBe(13);
  expect(partShift(4, 8193)).toBe(14);
  expect(partShift(2 ** 19, 8192)).toBe(13);
  expect(partShift(2 ** 19 + 1, 8192)).toBeUndefined();
  expect(partShift(1, 2 ** 31)).toBe(31);
  expect(partShift(1, 2 ** 32)).toBeUndefined();
  expect(partShift(3, 0)).toBe(1);
});

describe.each(places)("at $name", ({ start }) => {
  test("ids say where rows are", () => {
    property(20, random => {
      const to = fixture({ start });
      const { sizes, rows, shift } = randomParts(random);
      const starts = [0];
      for (const size of sizes) starts.push(starts.at(-1)! + size);
      const hints = Array.from(
        { length: Math.ceil(starts.at(-1)! / hintRows) },
        (_, i) => place(sizes, i * hintRows).part,
      );
      const ids = putU32(to, rows);
      partIds(to.kernels, ids, rows.length, putU32(to, starts), putU32(to, hints), shift, ids);
      const expected = rows.map(row => place(sizes, row)).map(({ part, at }) => part * 2 ** shift + at);
      expect([...to.kernels.u32.subarray(ids / 4, ids / 4 + rows.length)]).toEqual(expected);
    });
  });

  test("values and strings are those of the rows", () => {
    property(20, random => {
      const to = fixture({ start });
      const { kernels, allocator } = to;
      const { sizes, rows, shift } = randomParts(random);
      const wanted = rows.map(row => place(sizes, row));
      const ids = putU32(
        to,
        wanted.map(({ part, at }) => part * 2 ** shift + at),
      );
      for (const width of widths) {
        const parts = sizes.map(size => Uint8Array.from({ length: size * width }, () => random.below(256)));
        const table = putU32(
          to,
          parts.map(part => putBytes(to, part)),
        );
        const target = allocator.put(rows.length * width + 8);
        gatherParts(kernels, width, table, shift, ids, rows.length, target);
        const expected = wanted.flatMap(({ part, at }) => [...parts[part]!.subarray(at * width, (at + 1) * width)]);
        expect([...kernels.u8.subarray(target, target + rows.length * width)]).toEqual(expected);
      }
      const strings = sizes.map(size =>
        Array.from({ length: size }, () => awkwardStrings[random.below(awkwardStrings.length)]!),
      );
      const addresses = strings.map(part => putStrings(to, part)).flatMap(({ offsets, bytes }) => [offsets, bytes]);
      const table = putU32(to, addresses);
      const expected = wanted.map(({ part, at }) => Buffer.from(strings[part]![at]!));
      const length = gatheredPartsLength(kernels, table, shift, ids, rows.length);
      expect(length).toBe(expected.reduce((sum, { length: bytes }) => sum + bytes, 0));
      const [offsets, bytes] = [allocator.put(rows.length * 4 + 4), allocator.put(length + 16)];
      kernels.u8.fill(0xaa, bytes, bytes + length + 16);
      gatherPartsBytes(kernels, table, shift, ids, rows.length, offsets, bytes, length);
      expect(Buffer.from(kernels.u8.slice(bytes, bytes + length))).toEqual(Buffer.concat(expected));
      expect(kernels.u8[bytes + length]).toBe(0xaa);
      let end = 0;
      const ends = [0, ...expected.map(each => (end += each.length))];
      expect([...kernels.u32.subarray(offsets / 4, offsets / 4 + rows.length + 1)]).toEqual(ends);
    });
  });
});
