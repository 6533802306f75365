/** What the lz4 codec makes of numbers and of text, and what it refuses. Files and replies have their own tests. */
import { expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import { lz4Compress, lz4TableBytes } from "../../src/kernel/lz4.ts";
import { spillCodec } from "../../src/storage/spill-codec.ts";
import { chunkBytes, storedBytesMax } from "../../src/storage/spill-file.ts";

const memory = createKernelMemory(4 << 20);
const kernels = instantiateKernels(memory, compileKernels());
const { u8 } = kernels;
const allocator = new BumpAllocator(64, memory.buffer.byteLength);
const codec = spillCodec(kernels, "lz4")(allocator);
const [plain, packed, back] = [1, 2, 3].map(() => allocator.alloc(chunkBytes + 64)) as [never, never, never];
const table = allocator.alloc(lz4TableBytes);
const random = new Random(7);
const numbers = Float64Array.from({ length: chunkBytes / 8 }, (_, i) => (i % 3 === 0 ? random.below(1e6) : i));
const text = Buffer.from(Array.from(numbers, n => `${n.toString(36)} is not ${n % 7}, `).join("")).subarray(
  0,
  chunkBytes,
);

function pack(bytes: Uint8Array): number {
  u8.set(bytes, plain);
  return codec.compress(plain, bytes.length, packed);
}

test("numbers take less room than lz4 alone makes of them, text as much", () => {
  for (const { bytes, most } of [
    { bytes: new Uint8Array(numbers.buffer), most: 0.7 },
    { bytes: new Uint8Array(text), most: 1.001 },
  ]) {
    const stored = pack(bytes);
    const alone = lz4Compress(kernels, plain, bytes.length, back, storedBytesMax, table)!;
    expect(stored).toBeLessThan(most * alone + 2);
    u8.fill(0, back, back + bytes.length);
    expect(codec.decompress(packed, stored, back, bytes.length)).toBe(bytes.length);
    expect(Buffer.from(u8.slice(back, back + bytes.length)).equals(bytes)).toBe(true);
  }
});

test("whatever the length, it comes back or is said not to shrink", () => {
  let shrunk = 0;
  for (let n = 1; n < 2_000; n += 7) {
    const bytes = new Uint8Array(numbers.buffer, 0, n);
    const stored = pack(bytes);
    if (stored >= n) continue;
    shrunk++;
    u8.fill(0xab, back, back + n + 16);
    expect(codec.decompress(packed, stored, back, n)).toBe(n);
    expect(Buffer.from(u8.slice(back, back + n)).equals(bytes)).toBe(true);
    expect(u8[back + n]).toBe(0xab);
  }
  expect(shrunk).toBeGreaterThan(200);
});

test("what it did not make is refused", () => {
  const stored = pack(new Uint8Array(numbers.buffer));
  expect(() => codec.decompress(packed, 0, back, 100)).toThrow("a chunk of 0 bytes is damaged");
  expect(() => codec.decompress(packed, 1, back, 100)).toThrow("a chunk of 1 bytes is damaged");
  expect(() => codec.decompress(packed, stored, back, 1 << 20)).toThrow("is damaged");
  expect(() => codec.decompress(packed, stored - 1, back, chunkBytes)).toThrow("is damaged");
  u8[packed] = 2;
  expect(() => codec.decompress(packed, stored, back, chunkBytes)).toThrow("is damaged: it begins with 2");
});
