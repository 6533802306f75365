/** The codes that rows have, against a Map. */
import { describe, expect, test } from "bun:test";
import { distinctCodes } from "../../src/kernel/dictionary.ts";
import { beyondTwoGiB, fixture, getU32, property, putU32 } from "./fixture.ts";

describe.each([
  { name: "low addresses", start: 64 },
  { name: "beyond 2 GiB", start: beyondTwoGiB },
])("at $name", ({ start }) => {
  test("each code once, first seen first", () => {
    property(60, random => {
      const to = fixture({ start });
      const values = 1 + random.below(300);
      const codes = Array.from({ length: random.below(500) }, () => random.below(values));
      const places = new Map<number, number>();
      const local = codes.map(code => {
        if (!places.has(code)) places.set(code, places.size);
        return places.get(code)!;
      });
      const out = {
        seen: to.allocator.put(values * 4 + 16),
        order: to.allocator.put(values * 4 + 16),
        local: to.allocator.put(codes.length * 4 + 16),
      };
      expect(distinctCodes(to.kernels, putU32(to, codes), codes.length, values, out)).toBe(places.size);
      expect(getU32(to, out.order, places.size)).toEqual([...places.keys()]);
      expect(getU32(to, out.local, codes.length)).toEqual(local);
    });
  });
});

test("more rows than one call takes", () => {
  const to = fixture({ bytes: 64 << 20 });
  const rows = 2_500_000;
  const codes = Uint32Array.from({ length: rows }, (_, i) => (i * 7) % 1000);
  const out = { seen: to.allocator.put(4000), order: to.allocator.put(4000), local: to.allocator.put(rows * 4) };
  expect(distinctCodes(to.kernels, putU32(to, codes), rows, 1000, out)).toBe(1000);
  expect(getU32(to, out.order, 3)).toEqual([0, 7, 14]);
  expect(to.kernels.u32.slice(out.local / 4, out.local / 4 + rows).every((place, i) => place === i % 1000)).toBe(true);
});
