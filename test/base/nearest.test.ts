import { expect, test } from "bun:test";
import fc from "fast-check";
import { editDistance, nearest } from "../../src/base/nearest.ts";

test("distances of known pairs", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("ab", "ba")).toBe(1);
  expect(editDistance("same", "same")).toBe(0);
});

test("is symmetric, zero only for equals, at most the longer length", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});

test("names the closest, or nothing when all are far", () => {
  expect(nearest("exlpain", ["run", "explain", "bundle"])).toBe("explain");
  expect(nearest("RUN", ["run", "explain"])).toBe("run");
  expect(nearest("frobnicate", ["run", "explain", "bundle"])).toBeUndefined();
  expect(nearest("ab", ["xy", ".x", "ba"])).toBe("ba");
  expect(nearest("a", [".x", "b"])).toBeUndefined();
});
