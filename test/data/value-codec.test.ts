import { expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { registerClass } from "../../src/data/classes.ts";
import { decodeValue, encodeValue, UnshippableValue } from "../../src/data/value-codec.ts";
import { valueDepthMax } from "../../src/data/value-tags.ts";
import { forSeeds, randomValue } from "./random-values.ts";
import { expectSame } from "./same.ts";

const roundTrip = (value: unknown) => decodeValue(encodeValue(value));

test("random values come back the same, with and without references", () => {
  forSeeds(600, seed => {
    const value = randomValue(new Random(seed), 4);
    expectSame(roundTrip(value), value);
    expectSame(decodeValue(encodeValue(value, { references: true }), { references: true }), value);
  });
});

const kinds: Record<string, unknown> = {
  "numbers at the edges of their encodings": [
    0,
    -0,
    63,
    64,
    -1,
    127,
    128,
    -128,
    -129,
    32767,
    32768,
    -32769,
    2 ** 31 - 1,
    2 ** 31,
    NaN,
  ],
  "long and odd strings": [
    "é".repeat(100),
    "x".repeat(63),
    "x".repeat(64),
    "x".repeat(100_000),
    "\ud800x",
    "a\udc00",
    "\0",
  ],
  bigints: [0n, 1n, -1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 1000n],
  "every binary kind": [
    new ArrayBuffer(3),
    new DataView(new ArrayBuffer(2)),
    new Uint8Array([1]),
    Buffer.from("ab"),
    new Uint8ClampedArray([300]),
    new Int8Array([-1]),
    new Uint16Array([1]),
    new Int16Array([-1]),
    new Uint32Array([2 ** 32 - 1]),
    new Int32Array([-1]),
    new BigUint64Array([2n ** 64n - 1n]),
    new BigInt64Array([-1n]),
    new Float32Array([0.5]),
    new Float64Array([NaN, -0]),
    new Uint16Array([1, 2, 3]).subarray(1, 2),
  ],
  "errors with cause, code and name": [
    new RangeError("r", { cause: new Error("inner") }),
    Object.assign(new Error("e"), { name: "Custom", code: "ENOENT" }),
  ],
  "names that are not identifiers": JSON.parse(`{"__proto__": 1, "constructor": 2, "": 3, "a b": 4, "5": 5, "é": 6}`),
  "lone surrogates in names": { "\ud800": 1 },
  "an object as a dictionary of 5,000 names": Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`name ${i}`, i]),
  ),
  "nesting to the limit": Array.from({ length: valueDepthMax - 1 }).reduce<unknown>(inner => [inner], []),
};

test.each(Object.entries(kinds))("%s come back the same", (_, value) => expectSame(roundTrip(value), value));

test("nothing on the prototype of all objects is disturbed by a stored name", () => {
  const value = roundTrip(JSON.parse(`{"__proto__": {"polluted": 1}}`)) as object;
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("errors keep their class and their properties' enumerability", () => {
  const error = roundTrip(new TypeError("wrong", { cause: 1 })) as Error;
  expect(error).toBeInstanceOf(TypeError);
  expect(Object.keys(error)).toEqual([]);
  expect([error.name, error.message, error.cause]).toEqual(["TypeError", "wrong", 1]);
});

test("refusals name what and where", () => {
  let deep: unknown = [];
  for (let i = 0; i < valueDepthMax; i++) deep = [deep];
  const cases: [unknown, string][] = [
    [() => 1, "value is a function"],
    [{ a: { b: [1, new (class Foo {})()] } }, "value.a.b[1] is an instance of the class Foo"],
    [new Set([1, Symbol("x")]), "value's item 1 is a symbol"],
    [new Map([[{}, () => 1]]), "value.get(…) is a function"],
    [new Error("x", { cause: () => 1 }), "value.cause is a function"],
    [new SharedArrayBuffer(1), "value is a SharedArrayBuffer"],
    [[new Number(1)], "value[0] is a Number"],
    [Object.create({ inherited: 1 }), "value is an object with a prototype of its own"],
    [Object.assign([], { loop: 1 }), ""],
  ];
  for (const [value, message] of cases) {
    if (message === "") expect(() => encodeValue(value)).not.toThrow();
    else expect(() => encodeValue(value)).toThrow(message);
  }
  expect(() => encodeValue(deep)).toThrow(`is nested deeper than ${valueDepthMax} levels`);
  try {
    encodeValue({ rows: [{ f() {} }] }, { what: "result" });
    expect.unreachable();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(UnshippableValue);
    expect((thrown as UnshippableValue).kind).toBe("user");
    expect((thrown as UnshippableValue).path).toBe("result.rows[0].f");
    expect((thrown as UnshippableValue).part).toBe("a function");
  }
});

test("cycles are refused by name, shared parts are not cycles", () => {
  const shared = { a: 1 };
  expectSame(roundTrip([shared, shared]), [{ a: 1 }, { a: 1 }]);
  const cyclic: { next?: unknown } = {};
  cyclic.next = [1, cyclic];
  expect(() => encodeValue(cyclic)).toThrow("value.next[1] refers to itself at value");
});

test("references keep identity and cycles", () => {
  const shared = { a: 1 };
  const graph: Record<string, unknown> = { one: shared, two: shared, map: new Map<unknown, unknown>([[shared, 1]]) };
  graph["self"] = graph;
  graph["list"] = [graph, graph["map"]];
  const copy = decodeValue(encodeValue(graph, { references: true }), { references: true }) as Record<string, unknown>;
  expect(copy["one"]).toBe(copy["two"]);
  expect(copy["self"]).toBe(copy);
  expect((copy["list"] as unknown[])[0]).toBe(copy);
  expect((copy["map"] as Map<unknown, unknown>).get(copy["one"])).toBe(1);
});

class Point {
  #secret = 7;
  constructor(
    public x: number,
    public link?: unknown,
  ) {}
  get secret(): number {
    return this.#secret;
  }
  set secret(value: number) {
    this.#secret = value;
  }
}

registerClass({
  id: "test:Point",
  constructorFunction: Point,
  dehydrate: instance => [(instance as Point).x, (instance as Point).link, (instance as Point).secret],
  rehydrate: ([x, link, secret]) => Object.assign(new Point(x as number, link), { secret }),
  allocate: () => new Point(0),
  restore: (instance, [x, link, secret]) => void Object.assign(instance, { x, link, secret }),
});
class Plain {
  link: unknown;
}
registerClass({
  id: "test:Plain",
  constructorFunction: Plain,
  dehydrate: instance => [(instance as Plain).link],
  rehydrate: ([link]) => Object.assign(new Plain(), { link }),
});

test("instances of registered classes keep class and state, and may be in cycles when they can be restored", () => {
  const point = new Point(3);
  point.secret = 9;
  const copy = roundTrip([point]) as [Point];
  expect(copy[0]).toBeInstanceOf(Point);
  expect([copy[0].x, copy[0].secret]).toEqual([3, 9]);
  point.link = { back: point };
  const cycle = decodeValue(encodeValue(point, { references: true }), { references: true }) as {
    link: { back: unknown };
  };
  expect(cycle.link.back).toBe(cycle);
  const plain = new Plain();
  plain.link = [plain];
  expect(() => decodeValue(encodeValue(plain, { references: true }), { references: true })).toThrow("refers to itself");
  expect(() => encodeValue(new Point(1, () => 1))).toThrow("value.link is a function");
});

test("hooks carry functions that capture what contains them", () => {
  const captures = new Map<unknown, unknown>();
  const counter: Record<string, unknown> = { n: 1 };
  const increment = () => counter;
  counter["increment"] = increment;
  captures.set(increment, { counter, increment });
  const bytes = encodeValue(counter, {
    references: true,
    encodeOther: value => (captures.has(value) ? { tag: "fn", meta: 42, data: captures.get(value) } : undefined),
  });
  const copy = decodeValue(bytes, {
    references: true,
    createOther: (tag, meta) => Object.assign(() => 0, { tag, meta, data: undefined as unknown }),
    fillOther: (shell, data) => void ((shell as { data: unknown }).data = data),
  }) as { increment: { tag: string; meta: number; data: { counter: unknown; increment: unknown } } };
  expect([copy.increment.tag, copy.increment.meta]).toEqual(["fn", 42]);
  expect(copy.increment.data.counter).toBe(copy);
  expect(copy.increment.data.increment).toBe(copy.increment);
  expect(() => encodeValue([() => 1], { encodeOther: () => undefined })).toThrow("value[0] is a function");
});

test("damaged bytes are a data error or some other value, never anything else", () => {
  let refused = 0;
  let accepted = 0;
  forSeeds(400, seed => {
    const random = new Random(seed);
    const bytes = encodeValue(randomValue(random, 4));
    for (let k = 0; k < 8; k++) {
      const damaged = bytes.slice(0, random.below(3) === 0 ? random.below(bytes.length + 1) : bytes.length);
      for (let n = random.below(3); n > 0; n--)
        if (damaged.length > 0) damaged[random.below(damaged.length)]! ^= 1 << random.below(8);
      try {
        decodeValue(damaged);
        accepted++;
      } catch (thrown) {
        if (!(thrown instanceof FiresteelError && thrown.kind === "data")) throw thrown;
        refused++;
      }
    }
  });
  expect(refused).toBeGreaterThan(500);
  expect(accepted).toBeGreaterThan(500);
});
