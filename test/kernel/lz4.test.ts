/**
 * LZ4 against blocks that python-lz4 4.4.5 (liblz4 1.9.4, `lz4.block.compress(…, store_size=False)`) wrote, against a plain decoder,
 * and against garbage.
 */
import { describe, expect, test } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import { lz4BlockBytesMax, lz4BoundBytes, lz4Compress, lz4Decompress, lz4TableBytes } from "../../src/kernel/lz4.ts";
import { beyondTwoGiB, fixture, type Fixture, property, putBytes } from "./fixture.ts";

const quick = "the quick brown fox jumps over the lazy dog, and the quick dog sleeps. ".repeat(4);
const vectors: readonly (readonly [plain: Uint8Array, block: string])[] = [
  [Buffer.from(""), "00"],
  [Buffer.from("a"), "1061"],
  [Buffer.from("abcdefghijkl"), "c06162636465666768696a6b6c"],
  [Buffer.from("a".repeat(300)), "1f610100ff14506161616161"],
  [Buffer.from("ab".repeat(100)), "2f61620200ae506261626162"],
  [Buffer.from("\0\x01\x02\x03\x04\x05\x06".repeat(40)), "7f000102030405060700f9500203040506"],
  [
    Buffer.from(quick),
    "f01074686520717569636b2062726f776e20666f78206a756d7073206f766572201f00d16c617a7920646f672c20616e641200023100b7646f6720736c656570732e16000f4700b3506570732e20",
  ],
  [
    Buffer.from(quick),
    "f01074686520717569636b2062726f776e20666f78206a756d7073206f766572201f00e66c617a7920646f672c20616e64203100cf646f6720736c656570732e204700bd506570732e20",
  ],
];

/** The block format as its description has it, one byte at a time. */
function plainDecode(block: Uint8Array): Uint8Array {
  const out: number[] = [];
  let at = 0;
  const extended = (nibble: number): number => {
    if (nibble < 15) return nibble;
    let length = 15;
    let byte: number;
    do length += byte = block[at++]!;
    while (byte === 255);
    return length;
  };
  while (true) {
    const token = block[at++]!;
    for (let n = extended(token >> 4); n > 0; n--) out.push(block[at++]!);
    if (at === block.length) return Uint8Array.from(out);
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    for (let n = extended(token & 15) + 4; n > 0; n--) out.push(out[out.length - distance]!);
  }
}

function compress(to: Fixture, plain: Uint8Array): Uint8Array {
  const bound = lz4BoundBytes(plain.length);
  const dst = to.allocator.alloc(bound + 16);
  to.kernels.u8.fill(0xab, dst + bound, dst + bound + 16);
  const size = lz4Compress(
    to.kernels,
    putBytes(to, plain),
    plain.length,
    dst,
    bound,
    to.allocator.alloc(lz4TableBytes),
  );
  expect(size).toBeLessThanOrEqual(bound);
  expect([...to.kernels.u8.subarray(dst + bound, dst + bound + 16)]).toEqual(Array(16).fill(0xab));
  return to.kernels.u8.slice(dst, dst + size!);
}

function decompress(to: Fixture, block: Uint8Array, plainBytes: number): Uint8Array {
  const dst = to.allocator.alloc(plainBytes + 32);
  to.kernels.u8.fill(0xab, dst, dst + plainBytes + 32);
  try {
    lz4Decompress(to.kernels, putBytes(to, block), block.length, (dst + 16) as typeof dst, plainBytes);
  } finally {
    const around = [
      ...to.kernels.u8.subarray(dst, dst + 16),
      ...to.kernels.u8.subarray(dst + 16 + plainBytes, dst + plainBytes + 32),
    ];
    expect(around).toEqual(Array(32).fill(0xab));
  }
  return to.kernels.u8.slice(dst + 16, dst + 16 + plainBytes);
}

function randomPlain(random: Random): Uint8Array {
  const kind = random.below(4);
  const n = [random.below(20), random.below(300), random.below(30_000)][random.below(3)]!;
  const text = Array.from({ length: 40 }, () =>
    random
      .uint32()
      .toString(36)
      .slice(0, 1 + random.below(8)),
  );
  switch (kind) {
    case 0:
      return Uint8Array.from({ length: n }, () => random.below(256));
    case 1:
      return Uint8Array.from({ length: n }, () => random.below(2));
    case 2:
      return Buffer.from(Array.from({ length: n >> 2 }, () => text[random.below(40)]!).join(" "));
    default: {
      const period = 1 + random.below(40);
      return Uint8Array.from({ length: n }, (_, i) => (i % period) + (random.below(500) === 0 ? 1 : 0));
    }
  }
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("blocks of the reference implementation", () => {
    const to = fixture({ start });
    for (const [plain, block] of vectors) {
      expect(Buffer.from(decompress(to, Buffer.from(block, "hex"), plain.length)).equals(plain)).toBe(true);
      expect(Buffer.from(plainDecode(Buffer.from(block, "hex"))).equals(plain)).toBe(true);
    }
  });

  test("whatever is compressed comes back", () => {
    property(150, random => {
      const to = fixture({ start });
      const plain = randomPlain(random);
      const block = compress(to, plain);
      expect(Buffer.from(plainDecode(block)).equals(plain)).toBe(true);
      expect(Buffer.from(decompress(to, block, plain.length)).equals(plain)).toBe(true);
    });
  });

  test("damaged blocks are refused and nothing beyond the target is written", () => {
    let refused = 0;
    property(300, random => {
      const to = fixture({ start });
      const plain = randomPlain(random).subarray(0, 2000);
      const block = compress(to, plain);
      for (let hits = 1 + random.below(3); hits > 0; hits--)
        block[random.below(block.length)]! ^= 1 + random.below(255);
      const damaged = random.below(3) === 0 ? block.subarray(0, random.below(block.length)) : block;
      try {
        decompress(to, damaged, plain.length);
      } catch (error) {
        expect((error as Error).message).toBe(
          `an lz4 block of ${damaged.length} bytes is damaged: it does not hold ${plain.length} bytes`,
        );
        refused++;
      }
    });
    expect(refused).toBeGreaterThan(process.env["FIRESTEEL_SEED"] === undefined ? 50 : -1);
  });
});

test("what does not fit is not compressed", () => {
  const to = fixture();
  property(40, random => {
    const plain = randomPlain(random);
    const size = compress(to, plain).length;
    const capacity = random.below(size);
    const dst = to.allocator.alloc(capacity + 16);
    to.kernels.u8.fill(0xab, dst, dst + capacity + 16);
    const table = to.allocator.alloc(lz4TableBytes);
    expect(lz4Compress(to.kernels, putBytes(to, plain), plain.length, dst, capacity, table)).toBeUndefined();
    expect([...to.kernels.u8.subarray(dst + capacity, dst + capacity + 16)]).toEqual(Array(16).fill(0xab));
  });
});

test("a whole block, to the very end of memory", () => {
  const n = lz4BlockBytesMax;
  const to = fixture({ bytes: 8 << 20 });
  const end = to.kernels.u8.length;
  const plain = Uint8Array.from({ length: n }, (_, i) => (i >> 3) * 7 + (i & 3));
  const block = compress(to, plain);
  const src = end - block.length;
  to.kernels.u8.set(block, src);
  const dst = src - n;
  lz4Decompress(to.kernels, src as never, block.length, dst as never, n);
  expect(Buffer.from(to.kernels.u8.slice(dst, dst + n)).equals(plain)).toBe(true);
  to.kernels.u8.set(plain, end - n);
  const again = lz4Compress(
    to.kernels,
    (end - n) as never,
    n,
    to.allocator.alloc(lz4BoundBytes(n)),
    lz4BoundBytes(n),
    to.allocator.alloc(lz4TableBytes),
  );
  expect(again).toBe(block.length);
  expect(() => lz4Compress(to.kernels, 0 as never, n + 1, 0 as never, n, 0 as never)).toThrow(
    "an lz4 block of 1048577 bytes",
  );
});
