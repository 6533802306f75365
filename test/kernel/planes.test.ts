/** Planes against a plain loop, there and back, and which bytes are taken for numbers. */
import { describe, expect, test } from "bun:test";
import { pageBytes } from "../../src/kernel/control-area.ts";
import { joinPlanes, planesPay, splitPlanes } from "../../src/kernel/planes.ts";
import { beyondTwoGiB, fixture, property, putBytes } from "./fixture.ts";

function plainSplit(plain: Uint8Array): Uint8Array {
  const words = plain.length >> 3;
  return plain.map((byte, i) => (i < words * 8 ? plain[(i % words) * 8 + Math.floor(i / words)]! : byte));
}

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("bytes go to their planes and back, and nothing beside them is written", () => {
    property(120, random => {
      const to = fixture({ start });
      const plain = Uint8Array.from({ length: random.below([40, 400, 5000][random.below(3)]!) }, () =>
        random.below(256),
      );
      const n = plain.length;
      const src = putBytes(to, plain);
      const bytes = n + 32;
      const { u8 } = to.kernels;
      for (const [run, from, expected] of [
        [splitPlanes, src, plainSplit(plain)],
        [joinPlanes, putBytes(to, plainSplit(plain)), plain],
      ] as const) {
        const around = to.allocator.put(bytes);
        u8.fill(0xab, around, around + bytes);
        run(to.kernels, from, n, (around + 16) as typeof around);
        expect(Buffer.from(u8.slice(around + 16, around + 16 + n)).equals(expected)).toBe(true);
        const beside = [...u8.subarray(around, around + 16), ...u8.subarray(around + 16 + n, around + bytes)];
        expect(beside).toEqual(Array(32).fill(0xab));
      }
    });
  });
});

test("a whole page at the very end of memory", () => {
  const to = fixture({ bytes: 1 << 20 });
  const { u8 } = to.kernels;
  const end = u8.length;
  const plain = Uint8Array.from({ length: pageBytes }, (_, i) => (i * 31) >> (i & 7));
  u8.set(plain, end - pageBytes);
  splitPlanes(to.kernels, (end - pageBytes) as never, pageBytes, (end - 2 * pageBytes) as never);
  expect(Buffer.from(u8.slice(end - 2 * pageBytes, end - pageBytes)).equals(plainSplit(plain))).toBe(true);
  u8.fill(0, end - pageBytes);
  joinPlanes(to.kernels, (end - 2 * pageBytes) as never, pageBytes, (end - pageBytes) as never);
  expect(Buffer.from(u8.slice(end - pageBytes, end)).equals(plain)).toBe(true);
  expect(planesPay(to.kernels, (end - pageBytes) as never, pageBytes)).toBeBoolean();
  expect(() => splitPlanes(to.kernels, 0 as never, pageBytes + 1, 0 as never)).toThrow("planes of 65537 bytes");
  expect(() => joinPlanes(to.kernels, 0 as never, pageBytes + 1, 0 as never)).toThrow("planes of 65537 bytes");
});

test("numbers are told from text and from noise", () => {
  const to = fixture();
  const pays = (plain: Uint8Array) => planesPay(to.kernels, putBytes(to, plain), plain.length);
  property(20, random => {
    const rows = 1000 + random.below(4000);
    const bytesOf = (values: Float64Array | Uint32Array | BigInt64Array) => new Uint8Array(values.buffer);
    const line = () => `${random.below(1e9).toString(36)} said that ${random.below(1000)} is `;
    expect(pays(bytesOf(Float64Array.from({ length: rows }, () => random.below(1_000_000))))).toBe(true);
    expect(pays(bytesOf(BigInt64Array.from({ length: rows }, (_, i) => BigInt(i * 1001))))).toBe(true);
    expect(pays(bytesOf(Uint32Array.from({ length: rows }, (_, i) => i * 13)))).toBe(true);
    expect(pays(Buffer.from(Array.from({ length: rows }, line).join("")))).toBe(false);
    expect(pays(Uint8Array.from({ length: rows }, () => random.below(256)))).toBe(false);
    expect(pays(new Uint8Array(random.below(1000)))).toBe(false);
  });
});
