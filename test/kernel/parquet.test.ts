/** Parquet's encodings against plain loops over values that are encoded here. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import {
  columnWidth,
  copyPlain,
  cutsUtf8,
  HybridCursor,
  plainEnds,
  type PlainNumbers,
  plainWidth,
  readBools,
  readNumbers,
  spread,
} from "../../src/kernel/parquet.ts";
import { nullPtr, offset, type Ptr } from "../../src/kernel/ptr.ts";
import {
  awkwardStrings,
  beyondTwoGiB,
  fixture,
  type Fixture,
  getF64,
  getI32,
  getU32,
  property,
  putBytes,
} from "./fixture.ts";

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}

/** Random runs and bit-packed groups of `width` bits; the last group's padding may be left out. */
function encodeHybrid(random: Random, width: number, highest: number): { bytes: number[]; values: number[] } {
  const bytes: number[] = [];
  const values: number[] = [];
  for (let runs = 1 + random.below(12); runs > 0; runs--) {
    if (random.below(2) === 0) {
      const [count, value] = [1 + random.below(300), random.below(highest + 1)];
      bytes.push(...varint(count * 2));
      for (let k = 0; k < Math.ceil(width / 8); k++) bytes.push(Math.floor(value / 2 ** (8 * k)) % 256);
      for (let k = 0; k < count; k++) values.push(value);
      continue;
    }
    const groups = 1 + random.below(12);
    let bits = 0n;
    for (let k = 0; k < groups * 8; k++) {
      const value = random.below(highest + 1);
      values.push(value);
      bits |= BigInt(value) << BigInt(k * width);
    }
    bytes.push(...varint(groups * 2 + 1));
    for (let k = 0; k < groups * width; k++) bytes.push(Number((bits >> BigInt(8 * k)) & 255n));
  }
  return { bytes, values };
}

/** Takes all values in random portions. */
function takeCodes(to: Fixture, random: Random, src: Ptr, n: number, width: number, count: number, limit: number) {
  const cursor = new HybridCursor(to.kernels, to.allocator);
  cursor.start(src, n, width);
  const dst = to.allocator.put(count * 4 + 16);
  let taken = 0;
  let whole = true;
  while (taken < count && whole) {
    const some = Math.min(count - taken, 1 + random.below(200));
    whole = cursor.codes(some, limit, offset(dst, taken * 4));
    taken += some;
  }
  cursor.free();
  expect(to.allocator.outstandingBytes).toBe(0);
  return whole ? getU32(to, dst, count) : undefined;
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("codes of every width", () => {
    property(120, (random, seed) => {
      const to = fixture({ start });
      const width = 1 + (seed % 32);
      const highest = Math.min(2 ** width - 1, 2 ** 31 - 2);
      const { bytes, values } = encodeHybrid(random, width, highest);
      const src = putBytes(to, Uint8Array.from(bytes));
      expect(takeCodes(to, random, src, bytes.length, width, values.length, highest + 1)).toEqual(values);
      const most = Math.max(...values);
      expect(takeCodes(to, random, src, bytes.length, width, values.length, most)).toBeUndefined();
      expect(takeCodes(to, random, src, bytes.length, width, values.length + 1, highest + 1)).toBeUndefined();
    });
  });

  test("levels", () => {
    property(120, random => {
      const to = fixture({ start });
      const { bytes, values } = encodeHybrid(random, 1, 1);
      const cursor = new HybridCursor(to.kernels, to.allocator);
      cursor.start(putBytes(to, Uint8Array.from(bytes)), bytes.length, 1);
      const dst = to.allocator.put(values.length + 16);
      let ones = 0;
      for (let at = 0; at < values.length;) {
        const some = Math.min(values.length - at, 1 + random.below(100));
        ones += cursor.levels(some, offset(dst, at))!;
        at += some;
      }
      expect([...to.kernels.u8.slice(dst, dst + values.length)]).toEqual(values);
      expect(ones).toBe(values.reduce((sum, value) => sum + value, 0));
      expect(cursor.levels(1, dst)).toBeUndefined();
    });
  });

  test("plain byte arrays, some absent, in portions", () => {
    property(60, random => {
      const to = fixture({ start });
      const rows = random.below(60);
      const texts = Array.from({ length: rows }, () =>
        random.below(4) === 0 ? undefined : awkwardStrings[random.below(awkwardStrings.length)]!,
      );
      const pieces = texts.flatMap(text => {
        const bytes = Buffer.from(text ?? "");
        return text === undefined ? [] : [...new Uint8Array(Uint32Array.of(bytes.length).buffer), ...bytes];
      });
      const src = putBytes(to, Uint8Array.from(pieces));
      const validity = putBytes(
        to,
        Uint8Array.from(texts, text => (text === undefined ? 0 : 1)),
      );
      const offsets = to.allocator.put(rows * 4 + 16);
      const dst = to.allocator.put(pieces.length + 16);
      let [at, end] = [0, 0];
      for (let row = 0; row < rows;) {
        const some = Math.min(rows - row, 1 + random.below(20));
        const from = { src, n: pieces.length, at, validity: offset(validity, row), rows: some };
        at = plainEnds(to.kernels, from, offset(offsets, row * 4), end, 1 << 20)!;
        end = to.kernels.u32[(offsets >>> 2) + row + some]!;
        copyPlain(to.kernels, from, offset(offsets, row * 4), dst, end);
        row += some;
      }
      expect(at).toBe(pieces.length);
      const ends = rows === 0 ? [0] : getI32(to, offsets, rows + 1);
      const found = texts.map((_, i) =>
        Buffer.from(to.kernels.u8.slice(dst + ends[i]!, dst + ends[i + 1]!)).toString(),
      );
      expect(found).toEqual(texts.map(text => text ?? ""));
      const all = { src, n: pieces.length, at: 0, validity, rows };
      if (pieces.length > 0) {
        expect(plainEnds(to.kernels, { ...all, n: pieces.length - 1 }, offsets, 0, 1 << 20)).toBeUndefined();
        if (end > 0) expect(plainEnds(to.kernels, all, offsets, 0, end - 1)).toBeUndefined();
      }
    });
  });
});

const integers = [0n, 1n, -1n, 999n, -1001n, 2n ** 31n, -(2n ** 31n), 2n ** 53n - 1n, 1n - 2n ** 53n];
const wide = [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)];

function numbers(to: Fixture, type: PlainNumbers, bytes: ArrayBuffer): number[] | undefined {
  const n = bytes.byteLength / plainWidth(type);
  // at an odd address: pages are not aligned
  const src = offset(putBytes(to, Uint8Array.from([0, ...new Uint8Array(bytes)])), 1);
  const dst = to.allocator.put(n * 8 + 16);
  if (!readNumbers(to.kernels, type, src, n, dst)) return undefined;
  if (columnWidth(type) === 8) return getF64(to, dst, n);
  return type.kind === "i32" ? getI32(to, dst, n) : Array.from(to.kernels.f32.slice(dst / 4, dst / 4 + n));
}

test("integers become numbers, and bigints are told", () => {
  const to = fixture();
  expect(numbers(to, { kind: "i64" }, BigInt64Array.from(integers).buffer)).toEqual(integers.map(Number));
  for (const value of wide) {
    expect(numbers(to, { kind: "i64" }, BigInt64Array.from([1n, value]).buffer)).toBeUndefined();
    expect(numbers(to, { kind: "u64" }, BigUint64Array.from([BigInt.asUintN(64, value), 1n]).buffer)).toBeUndefined();
  }
  const positive = integers.filter(value => value >= 0n);
  expect(numbers(to, { kind: "u64" }, BigUint64Array.from(positive).buffer)).toEqual(positive.map(Number));
  expect(numbers(to, { kind: "u32" }, Uint32Array.of(0, 1, 2 ** 32 - 1).buffer)).toEqual([0, 1, 2 ** 32 - 1]);
  expect(numbers(to, { kind: "i32" }, Int32Array.of(0, -1, 2 ** 31 - 1).buffer)).toEqual([0, -1, 2 ** 31 - 1]);
  expect(numbers(to, { kind: "f64" }, Float64Array.of(-0, NaN, 0.1).buffer)).toEqual([-0, NaN, 0.1]);
  expect(numbers(to, { kind: "f32" }, Float32Array.of(-0, 0.5).buffer)).toEqual([-0, 0.5]);
});

test("times are rounded down to milliseconds, those that no Date holds are NaN", () => {
  const to = fixture();
  const all = [...integers, ...wide, 8_640_000_000_000_000n, 8_640_000_000_000_001n, 9_007_199_254_740_999n];
  for (const units of [1, 1000, 1_000_000]) {
    const expected = all.map(value => {
      const divisor = BigInt(units);
      const time = Number((value - (((value % divisor) + divisor) % divisor)) / divisor);
      return Math.abs(time) <= 8.64e15 ? time : NaN;
    });
    expect(numbers(to, { kind: "times", units }, BigInt64Array.from(all).buffer)).toEqual(expected);
  }
  const days = [0, -1, 100_000_000, 100_000_001];
  const expected = [0, -86_400_000, 8.64e15, NaN];
  expect(numbers(to, { kind: "days" }, Int32Array.from(days).buffer)).toEqual(expected);
});

test("decimals are the nearest numbers", () => {
  const to = fixture();
  const values = [...integers, ...wide];
  const type = { kind: "decimals", width: 8, divisor: 1000 } as const;
  expect(numbers(to, type, BigInt64Array.from(values).buffer)).toEqual(values.map(value => Number(value) / 1000));
  const narrow = { kind: "decimals", width: 4, divisor: 100 } as const;
  expect(numbers(to, narrow, Int32Array.of(-1, 12345).buffer)).toEqual([-0.01, 123.45]);
});

test("booleans, and values spread over rows", () => {
  property(60, random => {
    const to = fixture();
    const bits = Array.from({ length: 8 * (1 + random.below(40)) }, () => random.below(2));
    const bytes = Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
      bits.slice(i * 8, i * 8 + 8).reduce((byte, bit, k) => byte | (bit << k), 0),
    );
    const from = random.below(bits.length);
    const n = random.below(bits.length - from + 1);
    const dst = to.allocator.put(n + 16);
    readBools(to.kernels, putBytes(to, bytes), from, n, dst);
    expect([...to.kernels.u8.slice(dst, dst + n)]).toEqual(bits.slice(from, from + n));

    const values = Uint8Array.from(bits, (_, i) => i + 1);
    let next = 0;
    const expected = bits.map(bit => (bit === 1 ? values[next++]! : 0));
    const validity = putBytes(to, Uint8Array.from(bits));
    const out = to.allocator.put(bits.length * 8 + 16);
    spread(to.kernels, 1, validity, bits.length, putBytes(to, Uint8Array.from([...values, 9])), out);
    expect([...to.kernels.u8.slice(out, out + bits.length)]).toEqual(expected);
    const words = to.allocator.put((bits.length + 1) * 8);
    to.kernels.i32.set(values, words / 4);
    spread(to.kernels, 4, validity, bits.length, words, out);
    expect(getI32(to, out, bits.length)).toEqual(expected);
    to.kernels.f64.set(values, words / 8);
    spread(to.kernels, 8, validity, bits.length, words, out);
    expect(getF64(to, out, bits.length)).toEqual(expected);
  });
});

test("strings that are well-formed only together are told", () => {
  const to = fixture();
  const bytes = putBytes(to, Buffer.from("aé🔥"));
  const cuts = (...offsets: number[]) => {
    const ptr = to.allocator.put(64);
    to.kernels.i32.set(offsets, ptr / 4);
    return cutsUtf8(to.kernels, ptr, offsets.length - 1, bytes);
  };
  expect(cuts(0, 1, 3, 7)).toBe(false);
  expect(cuts(0, 1, 2, 7)).toBe(true);
  expect(cuts(0, 3, 5, 7)).toBe(true);
  expect(cuts(0, 0, 7, 7)).toBe(false);
  expect(cuts(nullPtr)).toBe(false);
});
