/** Generated code for records, tuples, lists, dates and absent values against JavaScript, and what has no native code. */
import { describe, expect, test } from "bun:test";
import type { Lambda } from "../../src/expr/ir.ts";
import { runMap } from "./lowering-harness.ts";
import { compareWithFunction, functionOfText, wrongMaps } from "./same-as-function.ts";

/** Each is native for the rows, or it is not. */
function reasonsOf(texts: readonly string[], rows: readonly unknown[]): readonly string[] {
  return texts.map(text => reasonOf(`x => ${text}`, rows));
}

function reasonOf(source: string | Lambda, rows: readonly unknown[]): string {
  const outcome = runMap(source, rows);
  return outcome.native ? "is native" : outcome.reason;
}

/** `x => x.name`, as no text becomes it: names that all objects have are known when a text is read. */
function reading(name: string): Lambda {
  const body = { op: "property", target: { op: "local", local: 0 }, name } as const;
  return { file: undefined, parameters: 1, locals: 1, captures: [], body };
}

const records = [
  { a: 1, b: true, o: null, d: new Date(0), e: undefined },
  { a: 0, b: false, o: { k: 1, n: [1, 2] }, d: new Date(NaN), e: 4 },
  { a: NaN, b: true, o: { k: 0, n: [3, 4] }, d: new Date(123456789), e: -0 },
];

describe("branches", () => {
  test("give one of two values", () => {
    const texts = [
      "x.b ? x.a : x.a + 1",
      "x.b ? x.a : 3",
      "x.b ? x.d : x.d",
      "x.b ? [x.a, 1] : [2, x.a]",
      "x.b ? x : x",
    ];
    expect(wrongMaps([...texts, "x.b ? x.o : x.o", "x.b ? { k: 1, m: x.a } : { k: x.a, m: 2 }"], records)).toEqual([]);
  });

  test("give a value or none", () => {
    const texts = [
      "x.b ? x.a : undefined",
      "x.b ? null : x.a",
      "x.b ? x.e : undefined",
      "x.b ? [x.a] : null",
      "x.b ? x.o : null",
    ];
    expect(wrongMaps([...texts, "(x.b ? x.o : null) ?? x.o", "(x.b ? { k: x.a } : undefined)?.k"], records)).toEqual(
      [],
    );
  });

  test("take the other side where one gives up", () => {
    const throwing = "x => { if (x.a === 12345) throw new Error('no'); return x.a; }";
    expect(wrongMaps([throwing], records)).toEqual([]);
    const reached = runMap(throwing.replace("12345", "1"), records);
    expect(reached).toEqual({ native: true, rows: [{ gaveUp: expect.anything() }, { value: 0 }, { value: NaN }] });
    expect(reasonsOf(["(() => { throw new Error('no'); })()"], records)).toEqual([
      expect.stringContaining("always needs"),
    ]);
  });

  test("short circuits", () => {
    const texts = [
      "x.a > 0 && x.b",
      "(x.b && x.a > 0) || !x.b",
      "x.o && x.o.k",
      "x.o || undefined",
      "x.e ?? 7",
      "x.e || 8",
    ];
    const more = ["x.e && 9", "x.o?.k ?? 7", "x.b && x.b", "x.a || x.e", "!(x.a && x.o)", "x.a ? x.b : x.o ? 1 : x.e"];
    expect(wrongMaps([...texts, ...more.slice(0, 5)], records)).toEqual([]);
  });

  test("of unlike values have no native code", () => {
    expect(
      reasonsOf(["x.b ? 1 : 'x'", "x.b ? { a: 1 } : { b: 1 }", "x.a && [1]", "x.b ? null : undefined"], records),
    ).toEqual([
      "gives a number or a string",
      "gives objects or arrays of more than one shape",
      "gives an array or a number",
      "gives null or undefined",
    ]);
  });
});

describe("absent values", () => {
  test("in comparisons, arithmetic and tests", () => {
    const compare = ["==", "===", "!=", "!=="].flatMap(each => [
      ...["null", "undefined", "4", "x.e"].map(other => `x.e ${each} ${other}`),
      `x.o ${each} null`,
      `undefined ${each} x.o`,
    ]);
    const compute = [
      "x.e + 1",
      "x.e * 2",
      "x.e < 5",
      "-x.e",
      "x.e | 0",
      "!x.e",
      "typeof x.e",
      "typeof x.o",
      "typeof x.o?.k",
    ];
    expect(wrongMaps([...compare, ...compute], records)).toEqual([]);
  });

  test("have no properties", () => {
    expect(runMap("x => x.o.k", records)).toEqual({
      native: true,
      rows: [{ gaveUp: "reads a property of null" }, { value: 1 }, { value: 0 }],
    });
    expect(
      wrongMaps(["x.o?.k", "x.o?.n[1]", "x.o?.n?.[0]", "x.o ? x.o.k : -1", "x.o != null && x.o.n[1] > 2"], records),
    ).toEqual([]);
  });
});

describe("records and tuples", () => {
  test("are made, spread and read", () => {
    const texts = [
      "({ ...x, a: 2, z: x.a })",
      "({ a: x.a, ...x })",
      "x.missing",
      "x.missing === undefined",
      "[x.a, x.b, x.o]",
    ];
    const tuples = [
      "[x.a, 2].length",
      "[x.a, 2, 3][1]",
      "[x.a, 2][5]",
      "[x.a, 2][-1]",
      "[x.a, 2, 3][x.b ? 1 : 2]",
      "[[x.a], { k: [x.b] }]",
    ];
    const patterns = [
      "x => { const { a, e = 3, z: [y] = [7] } = x; return [a, e, y]; }",
      "x => { const [p, q, r] = [x.a, x.b]; return r; }",
    ];
    expect(wrongMaps([...texts, ...tuples, ...patterns], records)).toEqual([]);
  });

  test("methods of tuples", () => {
    const texts = [
      "[1, 2, 3].map(y => y * x.a)",
      "[1, 2].reduce((s, y) => s + y * x.a, 0)",
      "[x.a, 1].some(y => y > 0)",
    ];
    const more = [
      "[x.a, 1].every((y, i) => y > i)",
      "[1, x.a].includes(NaN)",
      "[1, x.a].at(-1)",
      "[1, x.e, 2].filter(y => y).length",
    ];
    expect(wrongMaps([...texts, ...more, "Array.isArray([x])", "Array.isArray(x)"], records)).toEqual([]);
  });

  test("an index that only rows can tell is checked", () => {
    const rows = [0, 1, 2, -1, 0.5, NaN, -0];
    const { wrong, left } = compareWithFunction(runMap("x => [5, 6][x]", rows), functionOfText("x => [5, 6][x]"), rows);
    expect({ wrong, left }).toEqual({ wrong: [], left: 4 });
  });

  test("have no native code where JavaScript looks further", () => {
    expect(reasonsOf(["({ 1: 2 })", "x + 1", "x.d + 1", "x.o === x.o", "[1].concat"], records)).toEqual([
      "makes an object with keys that are whole numbers",
      "computes with an object",
      "adds to a date",
      "compares objects",
      "reads concat, which all objects have",
    ]);
  });

  test("a property that somebody gave all objects is found", () => {
    const everywhere = Object.prototype as { everywhere?: number };
    Object.defineProperty(everywhere, "everywhere", { value: 1, configurable: true });
    try {
      for (const name of ["everywhere", "toString", "constructor", "__proto__"])
        expect(reasonOf(reading(name), records)).toBe(`reads ${name}, which all objects have`);
    } finally {
      delete everywhere.everywhere;
    }
    expect(wrongMaps(["x.everywhere"], records)).toEqual([]);
  });
});

describe("dates", () => {
  const days = [
    0,
    1,
    -1,
    951782400000,
    951868799999,
    68169600000,
    -62135596800000,
    8.64e15,
    -8.64e15,
    4107542400000,
    NaN,
  ];
  const rows = [...days, ...Array.from({ length: 400 }, (_, i) => (i - 200) * 86_400_000 * 31.7 * 40 + i)].map(ms => ({
    d: new Date(ms),
    n: ms,
  }));

  test("have parts", () => {
    const parts = ["FullYear", "Month", "Date", "Day", "Hours", "Minutes", "Seconds", "Milliseconds"];
    expect(wrongMaps([...parts.map(part => `x.d.getUTC${part}()`), "x.d.getTime()", "x.d.valueOf()"], rows)).toEqual(
      [],
    );
  });

  test("are compared and subtracted", () => {
    expect(wrongMaps(["x.d - x.n", "x.d > 5", "x.d <= x.d", "+x.d", "x.d ? 1 : 2", "x.d", "x.d / 2"], rows)).toEqual(
      [],
    );
  });
});

describe("lists", () => {
  const long = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17];
  const rows = [[1, 2, 3], [], long, [-0, NaN]].map(a => ({ a, f: new Float64Array(a) }));

  test("are read", () => {
    const of = (list: string) => [
      `${list}.length`,
      `${list}.length > 2 ? ${list}[1] : 0`,
      `${list}[${list}.length - 1]`,
    ];
    const elements = ["0", "-1", "1.5", "9", "-0", "0 * -1", "NaN", "x.a.length / 2"].map(index => `x.a[${index}]`);
    const absent = [
      "x.a[2] ?? 0",
      "x.a[2] === undefined",
      "x.a[9] + 1",
      "x => { const [y, z = 3] = x.a; return [y, z]; }",
      "x.a.at(-1)",
    ];
    expect(wrongMaps([...of("x.a"), ...of("x.f"), ...elements, ...absent, "x.a", "x.f"], rows)).toEqual([]);
  });

  test("are folded and searched", () => {
    const texts = [
      "reduce((s, y) => s + y, 0)",
      "reduce((s, y, i) => s + y * i, 0)",
      "some(y => y > 3)",
      "every((y, i) => y > i)",
    ];
    const both = texts.flatMap(text => [`x.a.${text}`, `x.f.${text}`]);
    const swaps = [
      "x.a.reduce(([p, q], y) => [q, p + y], [0, 1])",
      "x.a.reduce(([p, q]) => [q, p], [0, 1])",
      "x.a.reduce((m, y) => ({ n: m.n + 1, s: m.s + y }), { n: 0, s: 0 })",
    ];
    const made = [
      "x.a.map(y => y * 2).length",
      "x.a.filter(y => y > 3).length",
      "x.a.filter(y => y > 3).map((y, i) => y + i).reduce((s, y) => s + y, 0)",
    ];
    const more = [
      "x.a.map((y, i) => y * i)[1]",
      "x.a.indexOf(5)",
      "x.a.indexOf(NaN)",
      "[1, x.a.length, 3].lastIndexOf(3)",
      "x.a.includes(NaN)",
      "x.a.includes(-0)",
      "x.a.some(y => x.a.filter(z => z > y).length > 2)",
    ];
    expect(wrongMaps([...both, ...swaps, ...made, ...more, "x.a.reduce((s, y) => s && y > 0, true)"], rows)).toEqual(
      [],
    );
  });

  test("of pairs", () => {
    const pairs = rows.map(({ a }) => ({ p: a.map((y, i) => [y, i]), s: a.map(String) }));
    const texts = [
      "x.p.reduce((s, [y, i]) => s + y * i, 0)",
      "x.p[0]?.[1]",
      "x.p[1]",
      "x.p.some(([y]) => y === 5)",
      "x.s[0]",
      "x.s.includes('2')",
    ];
    expect(
      wrongMaps(
        [...texts, "x.s.reduce((s, y) => s + y, '')", "x.s.map(Number)[2]", "x.s.reduce((n, y) => n + y.length, 0)"],
        pairs,
      ),
    ).toEqual([]);
  });

  test("of pieces, mapped and filtered, are read and joined", () => {
    const lines = ["a,b", "", "x,y,z", ",", "4,-5,6.5"].map((s, i) => ({
      s,
      a: [5, 6, 7, 8, 9, 10, 11, 12, 13].slice(i),
    }));
    const read = [
      "x.s.split(',').map(Number)[1]",
      "x.s.split(',').filter(y => y)[0]",
      "x.a.filter(y => y > 6)[1] ?? -1",
    ];
    const joined = [
      "x.s.split(',').join('-')",
      "x.s.split(',').map(y => y + '!').join()",
      "x.a.join()",
      "x.a.map(y => (y > 7 ? null : y)).join('|')",
    ];
    const tuples = ["[x.s, null, undefined, 4, true].join(null)", "[].join()", "[x.s].join('-')"];
    const patterns = ["x => { const [p, q] = x.s.split(',').map(y => y.length); return [q, p]; }"];
    expect(
      wrongMaps(
        [
          ...read,
          ...joined,
          ...tuples,
          ...patterns,
          "parseInt(x.s)",
          "parseInt(x.a.length / 3e7)",
          "parseFloat(x.a.length > 2)",
        ],
        lines,
      ),
    ).toEqual([]);
  });

  test("that are made have no native code, nor functions that may throw for an item that is not read", () => {
    expect(
      reasonsOf(["x.a.map(y => y)", "x.a.map(y => { if (y > 99) throw new Error('no'); return y; }).length"], rows),
    ).toEqual(["makes an array of any length", "may throw an error in map"]);
  });
});

describe("size", () => {
  const chain = (count: number, join: string, of: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => of(i)).join(join);
  const rows = [1, 2, 400];

  test("long lambdas are compiled", () => {
    const constants = `x => { ${chain(1500, " ", i => `const v${i} = ${i === 0 ? "x" : `v${i - 1}`} + 1;`)} return v1499; }`;
    const texts = [
      chain(300, " + ", i => `x * ${i}`),
      chain(300, " && ", i => `x > ${i}`),
      chain(200, "", i => `x === ${i} ? ${i} : `) + "7",
    ];
    expect(wrongMaps([...texts, constants], rows)).toEqual([]);
  });

  test("those that become much more code are not", () => {
    const items = `[${chain(60, ", ", i => String(i))}]`;
    const cubed = `${items}.map(p => ${items}.map(q => ${items}.map(r => p + q + r + x).length).length).length`;
    const nested = Array.from({ length: 25 }).reduce<string>(
      (inner, _, i) => `x.map(y${i} => ${inner}).length`,
      "x.length",
    );
    expect(reasonsOf([cubed], rows)).toEqual(["becomes too much code"]);
    expect(reasonsOf([nested], [[1, 2, 3]])).toEqual(["becomes too much code"]);
  });

  test("deep ones are not", () => {
    const deep = { op: "local", local: 0 } as const;
    const body = Array.from({ length: 20_000 }).reduce<object>(
      operand => ({ op: "unary", operator: "-", operand }),
      deep,
    );
    const lambda = { file: undefined, parameters: 1, locals: 1, captures: [], body: body as never };
    expect(runMap(lambda, rows)).toEqual({ native: false, reason: "is nested too deeply" });
  });
});

test("numbers that may be null or undefined", () => {
  const texts = [
    "x == null",
    "x === undefined",
    "x === null",
    "x != x",
    "x === x",
    "x ?? 3",
    "x ? 1 : 2",
    "x || 5",
    "!x",
  ];
  expect(wrongMaps(texts, [1, null, 3, undefined, 0])).toEqual([]);
  expect(wrongMaps(texts, [1, undefined, 3, null, 0])).toEqual([]);
});

test("arrays spread into arrays", () => {
  const rows = [
    { pair: [1, -0], name: "a" },
    { pair: [NaN, 3], name: "b" },
  ];
  expect(
    wrongMaps(["[...x.pair, x.name, ...[x.pair]]", "[0, ...x.pair].length", "[...x.pair.map(y => y + 1)]"], rows),
  ).toEqual([]);
  expect(runMap("x => [...x]", ["ab"])).toMatchObject({ native: false });
});
