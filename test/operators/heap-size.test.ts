import { expect, test } from "bun:test";
import { estimatedBytes } from "../../src/operators/heap-size.ts";
import { measuredAlone } from "../alone.ts";

test("values are estimated within a factor of three of what they take", () => {
  const measured = measuredAlone<{ name: string; took: number; estimated: number }[]>("test/operators/heap-size.ts");
  expect(measured.length).toBeGreaterThan(5);
  const isFar = ({ took, estimated }: (typeof measured)[number]) => estimated > took * 3 || estimated < took / 3;
  expect(measured.filter(isFar)).toEqual([]);
});

test("a cycle ends, and what lies in its holder's slot takes nothing more", () => {
  const loop: { self?: unknown } = {};
  loop.self = loop;
  expect(estimatedBytes(loop)).toBeLessThan(1000);
  expect([1, true, undefined, null].map(value => estimatedBytes(value))).toEqual([0, 0, 0, 0]);
});

test("of values that are many and deep, some hundred are looked at", () => {
  let looks = 0;
  const counted = (value: unknown): unknown =>
    new Proxy([value, value, value, value, value, value, value, value, value], {
      get: (target, key) => (key === "length" || looks++, Reflect.get(target, key)),
    });
  let deep: unknown = 1;
  for (let depth = 0; depth < 6; depth++) deep = counted(deep);
  const wide = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, i) => [`key ${i}`, i % 2 === 0 ? "text" : "else"]),
  );
  expect(estimatedBytes(deep)).toBeGreaterThan(0);
  expect(looks).toBeGreaterThan(100);
  expect(looks).toBeLessThan(10_000);
  expect(estimatedBytes(wide)).toBeGreaterThan(400_000);
});

test("no getter of the user's is called", () => {
  const row = {
    get text(): string {
      throw new Error("called");
    },
  };
  expect(estimatedBytes(row)).toBeGreaterThan(0);
});

test("a short string may keep the text that it was cut from", () => {
  expect(estimatedBytes({ n: 1, last: "short" }, 200) - estimatedBytes({ n: 1, last: "short" })).toBe(195);
  expect(estimatedBytes("x".repeat(300), 200)).toBe(estimatedBytes("x".repeat(300)));
});
