import { describe, expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import { readBatch } from "../../src/data/batch-reader.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { printType } from "../../src/data/schema.ts";
import { typeOf } from "../../src/data/type-of.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { forSeeds, pick, randomRows, randomValue } from "./random-values.ts";
import { expectSame } from "./same.ts";
import { CheckedAllocator, testKernels as kernels } from "./test-kernels.ts";

function roundTrip(rows: readonly unknown[]): { layout: string; rows: unknown[] } {
  const allocator = new CheckedAllocator();
  const writer = makeBatchWriter(kernels, allocator);
  for (const row of rows) writer.push(row);
  const batch = writer.finish();
  expect(batch.rows).toBe(rows.length);
  const reader = readBatch(kernels, batch);
  const read = reader.toArray();
  for (const i of [0, rows.length - 1]) if (i in rows) expectSame(reader.get(i), rows[i]);
  writer.free();
  expect(allocator.liveBytes).toBe(0);
  return { layout: printType(typeOf(batch.root)), rows: read };
}

const layouts: [string, readonly unknown[]][] = [
  ["f64", [1, -0, NaN, Infinity]],
  ["utf8", ["a", "", "é", "😀", "x".repeat(1000)]],
  ["bool", [true, false]],
  ["i64", [1n, -(2n ** 63n), 2n ** 63n - 1n]],
  ["date", [new Date(5), new Date(NaN)]],
  ["undefined", [undefined, undefined]],
  ["null", [null]],
  ["f64 | undefined", [1, undefined]],
  ["utf8 | null", [null, null, "a"]],
  ["any", [undefined, null]],
  ["any", [1, "a"]],
  ["any", [1n, 2n ** 63n]],
  ["any", ["a", "\ud800"]],
  ["any", [new Map([[1, 2]])]],
  ["()", [[], []]],
  [
    "(f64, utf8)",
    [
      [1, "a"],
      [2, "b"],
    ],
  ],
  [
    "(f64, any)",
    [
      [1, "a"],
      [2, 3],
    ],
  ],
  [
    "(f64, utf8 | undefined)",
    [
      [1, "a"],
      [2, undefined],
    ],
  ],
  ["f64[]", [[1, 2], [1], []]],
  ["f64[]", [Array.from({ length: 17 }, (_, i) => i)]],
  ["any", [[1, 2], ["a"]]],
  ["any", [Array.from({ length: 17 }, () => undefined)]],
  [
    "{id: f64, tags: utf8[]}",
    [
      { id: 1, tags: ["a"] },
      { id: 2, tags: ["a", "b"] },
    ],
  ],
  [
    "any",
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
  ],
  ["Float64Array", [new Float64Array([1, -0]), new Float64Array(0)]],
  ["Uint8Array", [new Uint8Array([1, 255])]],
  ["any", [new Uint8Array([1]), new Float64Array([1])]],
  ["(f64[] | null)", [[[1]], [[1, 2]], [null]]],
  ["{__proto__: f64}", [JSON.parse(`{"__proto__":1}`), JSON.parse(`{"__proto__":2}`)]],
];

test.each(layouts)("the writer chooses %s and gives the rows back", (layout, rows) => {
  const result = roundTrip(rows);
  expect(result.layout).toBe(layout);
  expectSame(result.rows, rows);
});

test("the order of properties and −0 survive", () => {
  const [a, b] = roundTrip([
    { z: -0, a: 1 },
    { z: 0, a: 2 },
  ]).rows as Record<string, number>[];
  expect(Object.keys(a!)).toEqual(["z", "a"]);
  expect(Object.is(a!["z"], -0)).toBe(true);
  expect(Object.is(b!["z"], 0)).toBe(true);
});

test("holes read back as undefined, objects without a prototype as plain ones, accessors as data", () => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  const { rows } = roundTrip([[[1, , 3]], [[4]]]); // eslint-disable-line no-sparse-arrays
  expect(rows).toEqual([[[1, undefined, 3]], [[4]]]);
  expect(
    roundTrip([
      bare,
      {
        get a() {
          return 2;
        },
      },
    ]).rows,
  ).toEqual([{ a: 1 }, { a: 2 }]);
});

test("random rows of one layout come back equal", () => {
  forSeeds(150, seed => {
    const random = new Random(seed);
    const row = randomRows(random);
    const rows = Array.from({ length: random.below(120) }, row);
    expectSame(roundTrip(rows).rows, rows);
  });
});

test("random rows of any kind, widened at any point, come back equal", () => {
  forSeeds(150, seed => {
    const random = new Random(seed);
    const makers = Array.from({ length: 1 + random.below(3) }, () =>
      random.below(3) === 0 ? () => randomValue(random) : randomRows(random),
    );
    const rows = makers.flatMap(maker => Array.from({ length: random.below(50) }, maker));
    expectSame(roundTrip(rows).rows, rows);
  });
});

test("a batch of 200,000 rows", () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => [`key ${i % 1000}`, i] as const);
  const result = roundTrip(rows);
  expect(result.layout).toBe("(utf8, f64)");
  expect(Bun.deepEquals(result.rows, rows, true)).toBe(true);
});

test("strings of many rows and long lists come back equal, wherever one is odd, refused or settled early", () => {
  const words = ["", "a", "word", "wörter", "日本", "z😀", "x".repeat(70), "line ".repeat(60).slice(3, 250)];
  const longWords = ["long ".repeat(2000), "löng".repeat(3000)];
  forSeeds(24, seed => {
    const random = new Random(seed);
    let odd: string | undefined;
    const word = () => {
      const given = odd;
      odd = undefined;
      if (given !== undefined) return given;
      if (random.below(900) === 0) return pick(random, longWords);
      return random.below(40) === 0
        ? pick(random, words)
        : `word ${random.below(1000)} of a line`.slice(random.below(6), 6 + random.below(8));
    };
    const makers = [
      word,
      () => [word(), random.below(9)],
      () => ({ id: word(), tags: [word(), word()] }),
      () => (random.below(3) === 0 ? null : word()),
    ];
    const lists = () => [Array.from({ length: random.below(random.below(50) === 0 ? 3000 : 4) }, word), word()];
    const maker = pick(random, [...makers, lists]);
    const refused = () => [Array.from({ length: random.below(3000) }, () => "refused"), Symbol("s")];
    const writer = makeBatchWriter(kernels, new CheckedAllocator());
    for (let batch = 0; batch < 2; batch++) {
      writer.reset();
      const rows: unknown[] = [];
      const oddAt = random.below(3) === 0 ? random.below(4000) : -1;
      for (let i = random.below(4000); i >= 0; i--) {
        if (i === oddAt) odd = "\ud83d";
        else if (i === oddAt - 1 && random.below(2) === 0) odd = "\ude00";
        rows.push(maker());
        writer.push(rows.at(-1));
        if (random.below(300) === 0) expect(() => writer.push(refused())).toThrow("a symbol");
        if (random.below(500) === 0) writer.settle();
        if (random.below(900) === 0) expect(writer.finish().rows).toBe(rows.length);
      }
      expect(Bun.deepEquals(readBatch(kernels, writer.finish()).toArray(), rows, true)).toBe(true);
    }
  });
});

test("strings cut from one text stay what they are when they are encoded late", () => {
  const text = Array.from({ length: 5000 }, (_, i) => `${i % 7 === 0 ? "é" : "e"}${i}`).join(" ");
  for (const each of [text, text.replaceAll("é", "e")]) expectSame(roundTrip(each.split(" ")).rows, each.split(" "));
});

describe("a writer", () => {
  test("counts the bytes in use, not those allocated", () => {
    const writer = makeBatchWriter(kernels, new CheckedAllocator());
    expect(writer.bytes).toBe(0);
    for (let i = 0; i < 100; i++) writer.push(["abc", i]);
    expect(writer.bytes).toBe(100 * 8 + 101 * 4 + 300);
    writer.reset();
    expect(writer.bytes).toBe(0);
  });

  test("starts again after reset, in the same memory", () => {
    const allocator = new CheckedAllocator();
    const writer = makeBatchWriter(kernels, allocator);
    for (let i = 0; i < 1000; i++) writer.push(i);
    const before = allocator.liveBytes;
    writer.reset();
    for (let i = 0; i < 1000; i++) writer.push(-i);
    expect(allocator.liveBytes).toBe(before);
    expect(readBatch(kernels, writer.finish()).get(999)).toBe(-999);
  });

  test("guesses the layout afresh after a batch with odd rows", () => {
    const writer = makeBatchWriter(kernels, new CheckedAllocator());
    writer.push(1);
    writer.push("odd");
    writer.reset();
    writer.push(1);
    expect(typeOf(writer.finish().root).kind).toBe("f64");
  });

  test("keeps its rows when memory is refused, whatever the row was to do", () => {
    forSeeds(60, seed => {
      const random = new Random(seed);
      const allocator = new CheckedAllocator(2000 + random.below(6000));
      const writer = makeBatchWriter(kernels, allocator);
      const makers = [randomRows(random), randomRows(random), () => randomValue(random)];
      const kept: unknown[] = [];
      let refusals = 0;
      for (let i = 0; i < 300; i++) {
        const row = makers[Math.floor(i / 100)]!();
        try {
          writer.push(row);
          kept.push(row);
        } catch (thrown) {
          if (!(thrown instanceof MemoryRefused)) throw thrown;
          refusals++;
        }
        expect(writer.rows).toBe(kept.length);
      }
      expectSame(readBatch(kernels, writer.finish()).toArray(), kept);
      writer.free();
      expect(allocator.liveBytes).toBe(0);
      refusalsSeen += refusals;
    });
    expect(refusalsSeen).toBeGreaterThan(100);
  });
  let refusalsSeen = 0;

  test("refuses what cannot ship, names the place, and goes on", () => {
    const writer = makeBatchWriter(kernels, new CheckedAllocator(), { what: "the rows of map" });
    const cyclic: Record<string, unknown> = {};
    cyclic["list"] = [cyclic];
    const refusals: [unknown, string][] = [
      [[1, { callback: () => 1 }], "row[1].callback is a function"],
      [{ a: [Symbol("s")] }, "row.a[0] is a symbol"],
      [new Map([["k", Promise.resolve()]]), 'row.get("k") is a Promise'],
      [new WeakMap(), "row is a WeakMap"],
      [[class Foo {}], "row[0] is a class"],
      [{ "a b": new (class Foo {})() }, 'row["a b"] is an instance of the class Foo'],
      [cyclic, "row.list[0] refers to itself at row"],
    ];
    writer.push([1, 2]);
    for (const [row, message] of refusals) expect(() => writer.push(row)).toThrow(`${message}, in the rows of map`);
    writer.push([3, 4]);
    expect(readBatch(kernels, writer.finish()).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});
