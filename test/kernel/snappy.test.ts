/** Snappy against a plain decoder that trusts its input, on blocks made here: no encoder is part of the project. */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import type { Ptr } from "../../src/kernel/ptr.ts";
import { snappyDecompress } from "../../src/kernel/snappy.ts";
import { beyondTwoGiB, fixture, type Fixture, property, putBytes } from "./fixture.ts";

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}

/** A block of random literals and copies of all forms, and what it stands for. */
function randomBlock(random: Random): { readonly block: Uint8Array; readonly plain: Uint8Array } {
  const plain: number[] = [];
  const body: number[] = [];
  for (let elements = random.below(40); elements > 0; elements--) {
    if (plain.length === 0 || random.below(3) === 0) addLiteral(random, plain, body);
    else addCopy(random, plain, body);
  }
  return { block: Uint8Array.from([...varint(plain.length), ...body]), plain: Uint8Array.from(plain) };
}

function addLiteral(random: Random, plain: number[], body: number[]): void {
  const length = 1 + random.below([16, 70, 400, 70_000][random.below(random.below(8) === 0 ? 4 : 3)]!);
  const last = length - 1;
  const bytes = last < 60 ? random.below(2) * random.below(5) : last < 256 ? 1 + random.below(4) : 2 + random.below(3);
  const width = last >= 65536 ? Math.max(3, bytes) : bytes;
  body.push((width === 0 ? last : 59 + width) << 2);
  for (let k = 0; k < width; k++) body.push((last >>> (8 * k)) & 255);
  for (let k = 0; k < length; k++) {
    const byte = random.below(256);
    plain.push(byte);
    body.push(byte);
  }
}

function addCopy(random: Random, plain: number[], body: number[]): void {
  const far = Math.min(plain.length, [8, 40, 2047, 65535, 1e6][random.below(5)]!);
  const distance = 1 + random.below(far);
  const short = distance < 2048 && random.below(2) === 0;
  const length = short ? 4 + random.below(8) : 1 + random.below(64);
  if (short) body.push(1 | ((length - 4) << 2) | ((distance >> 8) << 5), distance & 255);
  else {
    const width = distance < 65536 && random.below(2) === 0 ? 2 : 4;
    body.push((width === 2 ? 2 : 3) | ((length - 1) << 2));
    for (let k = 0; k < width; k++) body.push((distance >>> (8 * k)) & 255);
  }
  for (let k = 0; k < length; k++) plain.push(plain[plain.length - distance]!);
}

/** The twin: the format in a dozen lines. */
function plainDecode(block: Uint8Array): Uint8Array {
  const out: number[] = [];
  let at = 0;
  while (block[at++]! >= 128);
  const little = (bytes: number) => {
    let value = 0;
    for (let k = 0; k < bytes; k++) value += block[at++]! * 2 ** (8 * k);
    return value;
  };
  while (at < block.length) {
    const tag = block[at++]!;
    if ((tag & 3) === 0) {
      const length = (tag >> 2 < 60 ? tag >> 2 : little((tag >> 2) - 59)) + 1;
      for (let k = 0; k < length; k++) out.push(block[at++]!);
      continue;
    }
    const length = (tag & 3) === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distance = (tag & 3) === 1 ? (tag >> 5) * 256 + little(1) : little((tag & 3) === 2 ? 2 : 4);
    for (let k = 0; k < length; k++) out.push(out[out.length - distance]!);
  }
  return Uint8Array.from(out);
}

function decompress(to: Fixture, block: Uint8Array, plainBytes: number): Uint8Array | undefined {
  const dst = to.allocator.put(plainBytes + 32);
  to.kernels.u8.fill(0xab, dst, dst + plainBytes + 32);
  const src = putBytes(to, block);
  const whole = snappyDecompress(to.kernels, to.allocator, src, block.length, (dst + 16) as Ptr, plainBytes);
  const { u8 } = to.kernels;
  const around = [...u8.subarray(dst, dst + 16), ...u8.subarray(dst + 16 + plainBytes, dst + plainBytes + 32)];
  expect(around).toEqual(Array(32).fill(0xab));
  expect(to.allocator.outstandingBytes).toBe(0);
  return whole ? u8.slice(dst + 16, dst + 16 + plainBytes) : undefined;
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("all forms of literals and copies", () => {
    property(200, random => {
      const { block, plain } = randomBlock(random);
      expect(Buffer.from(plainDecode(block)).equals(plain)).toBe(true);
      expect(Buffer.from(decompress(fixture({ start }), block, plain.length)!).equals(plain)).toBe(true);
    });
  });

  test("damaged blocks are told, or give other bytes, and nothing beyond the target is written", () => {
    let refused = 0;
    property(400, random => {
      const { block, plain } = randomBlock(random);
      if (block.length < 2) return;
      for (let hits = 1 + random.below(3); hits > 0; hits--) block[random.below(block.length)] = random.below(256);
      const damaged = random.below(3) === 0 ? block.subarray(0, random.below(block.length)) : block;
      if (decompress(fixture({ start }), damaged, plain.length) === undefined) refused++;
    });
    expect(refused).toBeGreaterThan(process.env["FIRESTEEL_SEED"] === undefined ? 50 : -1);
  });
});

test("blocks longer than one call, and the length they begin with", () => {
  const to = fixture({ bytes: 64 << 20 });
  const plainBytes = 10_000_000;
  const body = [0, 7, ...Array.from({ length: Math.ceil(plainBytes / 64) }, () => [2 | (63 << 2), 1, 0]).flat()];
  const total = 1 + Math.ceil(plainBytes / 64) * 64;
  const plain = decompress(to, Uint8Array.from([...varint(total), ...body]), total)!;
  expect(plain.every(byte => byte === 7)).toBe(true);
  expect(decompress(to, Uint8Array.from([...varint(total + 1), ...body]), total)).toBeUndefined();
  expect(decompress(to, Uint8Array.from([...varint(total + 1), ...body]), total + 1)).toBeUndefined();
  expect(decompress(to, Uint8Array.from([255, 255, 255, 255, 255, 1]), 5)).toBeUndefined();
  expect(decompress(to, Uint8Array.from([0]), 0)).toEqual(new Uint8Array(0));
  expect(decompress(to, new Uint8Array(0), 0)).toBeUndefined();
});
