/** Bitmaps and masks against arrays of booleans. */
import { describe, expect, test } from "bun:test";
import {
  andBytes,
  andNotBytes,
  bitmapBytes,
  countBits,
  countMask,
  notBits,
  notMask,
  orBytes,
  packBits,
  selectBits,
  selectMask,
  unpackBits,
} from "../../src/kernel/bitmap.ts";
import { beyondTwoGiB, fixture, getU32, property, putBytes } from "./fixture.ts";

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("bits and masks stand for the same rows", () => {
    property(60, random => {
      const to = fixture({ start });
      const { kernels, allocator } = to;
      const n = random.below(300);
      const share = [0, 0.02, 0.5, 0.98, 1][random.below(5)]!;
      const mask = Uint8Array.from({ length: n }, () => Number(random.float() < share));
      const rows = [...mask.keys()].filter(row => mask[row] === 1);
      const maskAt = putBytes(to, mask);
      const bits = allocator.alloc(bitmapBytes(n) + 1);
      kernels.u8.fill(0xee, bits, bits + bitmapBytes(n) + 1);
      packBits(kernels, maskAt, n, bits);
      const packed = new Uint8Array(bitmapBytes(n));
      for (const row of rows) packed[row >> 3]! |= 1 << (row & 7);
      expect([...kernels.u8.subarray(bits, bits + bitmapBytes(n) + 1)]).toEqual([...packed, 0xee]);
      expect(countBits(kernels, bits, n)).toBe(rows.length);
      expect(countMask(kernels, maskAt, n)).toBe(rows.length);

      const back = allocator.alloc(n + 1);
      kernels.u8[back + n] = 0xee;
      unpackBits(kernels, bits, n, back);
      expect([...kernels.u8.subarray(back, back + n + 1)]).toEqual([...mask, 0xee]);

      for (const [select, from] of [
        [selectMask, maskAt],
        [selectBits, bits],
      ] as const) {
        const out = allocator.alloc(rows.length * 4 + 4);
        kernels.u32[out / 4 + rows.length] = 0xeeeeeeee;
        expect(select(kernels, from, n, out)).toBe(rows.length);
        expect(getU32(to, out, rows.length + 1)).toEqual([...rows, 0xeeeeeeee]);
      }
    });
  });

  test("and, or, and-not, not", () => {
    property(30, random => {
      const to = fixture({ start });
      const { kernels, allocator } = to;
      const n = random.below(100);
      const a = Uint8Array.from({ length: n }, () => random.below(256));
      const b = Uint8Array.from({ length: n }, () => random.below(256));
      const [atA, atB, dst] = [putBytes(to, a), putBytes(to, b), allocator.alloc(n + 1)];
      const result = () => [...kernels.u8.subarray(dst, dst + n)];
      andBytes(kernels, atA, atB, n, dst);
      expect(result()).toEqual([...a].map((x, i) => x & b[i]!));
      orBytes(kernels, atA, atB, n, dst);
      expect(result()).toEqual([...a].map((x, i) => x | b[i]!));
      andNotBytes(kernels, atA, atB, n, dst);
      expect(result()).toEqual([...a].map((x, i) => x & ~b[i]!));
      notBits(kernels, atA, n, dst);
      expect(result()).toEqual([...a].map(x => x ^ 0xff));
      notMask(kernels, atA, n, dst);
      expect(result()).toEqual([...a].map(x => x ^ 1));
    });
  });
});
