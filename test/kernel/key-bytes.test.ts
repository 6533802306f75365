/**
 * Key bytes of rows { number, string?, boolean, date, [number, string] } against an encoder of one value at a time, and memcmp
 * of the bytes against a comparator of the values.
 */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { KeyBytes, keyTags } from "../../src/kernel/key-bytes.ts";
import {
  awkwardNumbers,
  awkwardStrings,
  beyondTwoGiB,
  fixture,
  type Fixture,
  property,
  putBytes,
  putF64,
  putStrings,
  putU32,
} from "./fixture.ts";

interface Row {
  readonly number: number;
  readonly text: string | undefined;
  readonly flag: boolean;
  readonly count: number;
}

function encodeNumber(value: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Number.isNaN(value) ? NaN : value + 0);
  const bits = view.getBigUint64(0);
  view.setBigUint64(0, Number.isNaN(value) ? 0xfff8000000000000n : bits >> 63n === 1n ? ~bits : bits | (1n << 63n));
  return [0x10, ...new Uint8Array(view.buffer)];
}

function encodeText(value: string | undefined): number[] {
  if (value === undefined) return [0x02];
  return [0x20, ...[...Buffer.from(value)].flatMap(byte => (byte === 0 ? [0, 0xff] : [byte])), 0, 1];
}

function encodeRow(row: Row, textDescending: boolean): number[] {
  const text = encodeText(row.text).map(byte => (textDescending ? byte ^ 0xff : byte));
  return [0x38, ...encodeNumber(row.number), ...text, row.flag ? 5 : 4, ...encodeNumber(row.count), 0];
}

function encodeByKernels(to: Fixture, rows: readonly Row[], textDescending: boolean): Uint8Array[] {
  const { kernels, allocator } = to;
  const numbers = putF64(
    to,
    rows.map(row => row.number),
  );
  const texts = putStrings(
    to,
    rows.map(row => row.text ?? "a value that nobody sees"),
    2,
  );
  const flags = putBytes(
    to,
    Uint8Array.from(rows, row => Number(row.flag)),
  );
  const counts = putU32(
    to,
    rows.map(row => row.count),
  );
  const present = {
    mask: putBytes(
      to,
      Uint8Array.from(rows, row => Number(row.text !== undefined)),
    ),
    descending: textDescending,
  };
  const absent = {
    mask: putBytes(
      to,
      Uint8Array.from(rows, row => Number(row.text === undefined)),
    ),
    descending: textDescending,
  };
  const before = allocator.outstandingBytes;
  const keys = new KeyBytes(kernels, allocator, rows.length);
  keys.addFixed(1 + 9 + 1 + 9 + 1);
  keys.addFixed(1, absent);
  keys.addUtf8(texts.offsets, texts.bytes, present);
  const length = keys.layOut();
  const dest = allocator.alloc(length + 16);
  kernels.u8.fill(0xab, dest, dest + length + 16);
  keys.writeTo(dest);
  keys.writeByte(keyTags.array);
  keys.writeNumbers("f64", numbers);
  keys.writeByte(keyTags.undefined, absent);
  keys.writeUtf8(texts.offsets, texts.bytes, present);
  keys.writeBool(flags);
  keys.writeNumbers("i32", counts);
  keys.writeByte(keyTags.end);
  keys.free();
  expect([...kernels.u8.subarray(dest + length, dest + length + 16)]).toEqual(Array(16).fill(0xab));
  const at = (row: number) => dest + kernels.u32[keys.offsets / 4 + row]!;
  const result = rows.map((_, row) => kernels.u8.slice(at(row), at(row + 1)));
  allocator.free(dest, length + 16);
  allocator.free(keys.offsets, keys.offsetsBytes);
  expect(allocator.outstandingBytes).toBe(before);
  return result;
}

function randomRow(random: Random): Row {
  const text = awkwardStrings[random.below(awkwardStrings.length)]! + (random.below(2) === 0 ? "\0z" : "");
  return {
    number: random.below(2) === 0 ? random.below(3) : awkwardNumbers[random.below(awkwardNumbers.length)]!,
    text: random.below(5) === 0 ? undefined : text,
    flag: random.below(2) === 0,
    count: random.below(5) - 2,
  };
}

function compareRows(a: Row, b: Row, textDescending: boolean): number {
  const numbers = (x: number, y: number) =>
    Number.isNaN(x) || Number.isNaN(y)
      ? Number(Number.isNaN(x)) - Number(Number.isNaN(y))
      : x === y
        ? 0
        : x < y
          ? -1
          : 1;
  const texts = (x: string | undefined, y: string | undefined) =>
    x === undefined || y === undefined
      ? Number(y === undefined) - Number(x === undefined)
      : Buffer.compare(Buffer.from(x), Buffer.from(y));
  const text = texts(a.text, b.text) * (textDescending ? -1 : 1);
  return numbers(a.number, b.number) || text || Number(a.flag) - Number(b.flag) || a.count - b.count;
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test.each([false, true])("rows, strings descending: %p", textDescending => {
    property(20, random => {
      const to = fixture({ start });
      const rows = Array.from({ length: random.below(60) }, () => randomRow(random));
      const keys = encodeByKernels(to, rows, textDescending);
      expect(keys.map(key => [...key])).toEqual(rows.map(row => encodeRow(row, textDescending)));
      rows.forEach((a, i) =>
        rows.forEach((b, j) => {
          const wanted = Math.sign(compareRows(a, b, textDescending));
          if (Buffer.compare(keys[i]!, keys[j]!) !== wanted)
            throw new Error(`${JSON.stringify([a, b])} should compare ${wanted}`);
        }),
      );
    });
  });

  test("raw keys, dates and f32 columns", () => {
    const to = fixture({ start });
    const keys = new KeyBytes(to.kernels, to.allocator, 2);
    const raw = putStrings(to, ["\x20abc", "x".repeat(40)], 1);
    const f32 = to.allocator.alloc(8);
    to.kernels.f32.set([0.5, -2], f32 / 4);
    keys.addFixed(18);
    keys.addRaw(raw.offsets);
    const dest = to.allocator.alloc(keys.layOut());
    keys.writeTo(dest);
    keys.writeNumbers("date", putF64(to, [0, -1]));
    keys.writeNumbers("f32", f32);
    keys.writeRaw(raw.offsets, raw.bytes);
    const [, middle, end] = [0, 1, 2].map(row => dest + to.kernels.u32[keys.offsets / 4 + row]!);
    const date = (value: number) => [0x28, ...encodeNumber(value).slice(1)];
    expect([...to.kernels.u8.subarray(dest, middle)]).toEqual([
      ...date(0),
      ...encodeNumber(0.5),
      ...Buffer.from("\x20abc"),
    ]);
    expect([...to.kernels.u8.subarray(middle, end)]).toEqual([
      ...date(-1),
      ...encodeNumber(-2),
      ...Buffer.from("x".repeat(40)),
    ]);
  });
});
