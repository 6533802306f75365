/**
 * Lambdas over columns: those that must have generated code, and those that look as if they had and must give JavaScript's
 * answer all the same. Each runs over rows that come as columns (cached ones) and is compared with the plain function.
 */
import type { Context, Rdd } from "firesteel";

export interface Case {
  /** Whether all rows are expected to be handled by generated code; undefined: either is right. */
  readonly native: boolean | undefined;
  readonly rows: readonly unknown[];
  /** By the engine, and by an array. */
  readonly run: (rows: Rdd<never>) => Rdd<unknown>;
  readonly plain: (rows: never[]) => unknown[];
}

function mapping<T>(native: boolean | undefined, rows: readonly T[], fn: (row: T) => unknown): Case {
  return { native, rows, run: rdd => (rdd as Rdd<T>).map(fn), plain: all => (all as T[]).map(row => fn(row)) };
}

function filtering<T>(native: boolean | undefined, rows: readonly T[], fn: (row: T) => unknown): Case {
  return {
    native,
    rows,
    run: rdd => (rdd as Rdd<T>).filter(fn as (row: T) => boolean) as Rdd<unknown>,
    plain: all => (all as T[]).filter(row => fn(row)),
  };
}

function flattening<T>(native: boolean | undefined, rows: readonly T[], fn: (row: T) => Iterable<unknown>): Case {
  return {
    native,
    rows,
    run: rdd => (rdd as Rdd<T>).flatMap(fn) as Rdd<unknown>,
    plain: all => (all as T[]).flatMap(row => [...fn(row)]),
  };
}

const numbers = [0, -0, 1, -1, 2.5, -2.5, 7, -7, 1e9, -1e9, 2 ** 31, 2 ** 32 + 5, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 1e300, -1e300, 5e-324, NaN, Infinity, -Infinity, 0.1, 1 / 3, 12345.678]; // prettier-ignore
const words = ["", " ", "a", "Zebra", "two words", " padded ", "a  b   c ", "comma,separated,,list", "ß", "İ", "é", "日本語", "𝄞 clef", "a\u00a0b", "\ufeffbom", "\u2028line", "tab\there", "x".repeat(100), `${"long ".repeat(40)}end`]; // prettier-ignore
const flights = Array.from({ length: 300 }, (_, i) => ({
  origin: ["SFO", "JFK", "LAX"][i % 3]!,
  delay: ((i * 37) % 120) - 20,
  distance: 100 + i,
  cancelled: i % 17 === 0,
  date: new Date(Date.UTC(2001, i % 12, 1 + (i % 28), i % 24, i % 60)),
}));
const pairs = numbers.map((n, i) => [words[i % words.length]!, n] as [string, number]);
const maybe = numbers.map((n, i) => ({ id: i, value: i % 3 === 0 ? null : n }));
const lists = numbers.map((_, i) => Array.from({ length: i }, (_, k) => i * 100 + k));
const separator = ",";
const limit = 15;
const scale = { by: 1.5, label: "x" };
const mod = (a: number, b: number) => ((a % b) + b) % b;
function grade(delay: number): string {
  if (delay > 60) return "very late";
  if (delay > limit) return "late";
  return "fine";
}

export const cases: Readonly<Record<string, Case>> = {
  arithmetic: mapping(true, numbers, x => [x + 1, x * 3 - 2, x / 7, -x, +x, (x - 1) * (x + 1)]),
  remainders: mapping(undefined, numbers, x => [x % 3, x % -3, x % 0.5, (x * 48271) % 1000000, 5 % x, x % 1]),
  bits: mapping(true, numbers, x => [x | 0, x >>> 0, x << 3, x >> 1, x & 255, x ^ 1, ~x]),
  powers: mapping(undefined, numbers, x => [x ** 2, x ** 0.5, 2 ** x]),
  comparisons: mapping(true, numbers, x => [x < 3, x <= 0, x > -1, x >= 2, x === 0, x !== x, x == 1]),
  math: mapping(undefined, numbers, x => [Math.floor(x), Math.ceil(x), Math.round(x), Math.trunc(x), Math.abs(x), Math.sqrt(x), Math.sign(x), Math.min(x, 1), Math.max(x, -0, 2), Math.sin(x), Math.log(x), Math.hypot(x, 1), Math.imul(x, 3), Math.PI * x]), // prettier-ignore
  conditionals: mapping(true, numbers, x => (x > 0 ? "more" : x < 0 ? "less" : "none")),
  "short circuits": mapping(undefined, numbers, x => [x || 5, x && 6, x > 1 && x < 9, !x]),
  "a filter that gives a number": filtering(true, numbers, x => x % 2),
  "a filter of text": filtering(true, words, w => w),
  "mixed short circuits in a test": filtering(undefined, maybe, r => r.value && r.id > 3),
  constants: mapping(true, numbers, x => {
    const half = x / 2;
    const both = half + x;
    return both > 10 ? half : both;
  }),
  records: mapping(true, flights, f => ({ ...f, late: f.delay > 15, km: f.distance * 1.609 })),
  fields: mapping(true, flights, ({ origin, delay }) => [origin, delay]),
  "missing fields": mapping(undefined, flights, f => (f as { nothing?: number }).nothing),
  dates: mapping(true, flights, f => [f.date.getUTCHours(), f.date.getUTCDay(), f.date.getTime()]),
  "functions of the file": mapping(true, flights, f => [grade(f.delay), mod(f.delay, 7)]),
  captures: mapping(true, flights, f => [f.delay > limit, f.distance * scale.by, scale.label]),
  "keys and values": mapping(true, pairs, ([k, v]) => [v, k]),
  "optional values": mapping(undefined, maybe, r => [r.value ?? -1, r.value === null, r.value == null]),
  "null in arithmetic": mapping(undefined, maybe, r => (r.value as number) + 1),
  "text methods": mapping(undefined, words, w => [w.length, w.trim(), w.startsWith("a"), w.endsWith(" "), w.includes("o"), w.indexOf("b")]), // prettier-ignore
  slices: mapping(undefined, words, w => [w.slice(1, 3), w.slice(-2), w.slice(2), w.substring(3, 1)]),
  cases: mapping(undefined, words, w => [w.toLowerCase(), w.toUpperCase()]),
  "text comparison": filtering(undefined, words, w => w < "b" || w === "Zebra" || w > "𝄞"),
  concatenation: mapping(undefined, pairs, ([k, v]) => `${k}=${v}` + separator),
  "words of lines": flattening(true, words, w => w.split(" ")),
  "words of lines, kept and counted": {
    native: true,
    rows: words,
    run: rdd => (rdd as Rdd<string>).flatMap(w => w.split(" ")).filter(w => w !== "").map(w => [w, 1]), // prettier-ignore
    plain: all => (all as string[]).flatMap(w => w.split(" ")).filter(w => w !== "").map(w => [w, 1]), // prettier-ignore
  },
  "fields of lines": mapping(undefined, words, w => w.split(separator)[2]),
  "number of fields": mapping(undefined, words, w => w.split(",").length),
  "split with a limit": flattening(undefined, words, w => w.split(" ", 2)),
  "split by nothing": flattening(undefined, words, w => w.split("")),
  "split by a regular expression": flattening(false, words, w => w.split(/\s+/)),
  "lists flattened": flattening(undefined, lists, l => l),
  "lists mapped and flattened": flattening(undefined, lists, l => l.map(x => [x, l.length])),
  "tuples flattened": flattening(true, pairs, ([, v]) => [v, v + 1]),
  "some or none": flattening(true, numbers, x => (x > 1 ? [x, -x] : [])),
  "plus on text": mapping(undefined, words, w => w + 1),
  "plus on a pair": mapping(undefined, pairs, ([k, v]) => k + v),
  "one row unlike the others": mapping(undefined, [...numbers, "12", ...numbers], x => (x as number) + 1),
  "a field missing in one row": mapping(
    undefined,
    Array.from({ length: 500 }, (_, i) => (i === 333 ? { a: i } : { a: i, b: i * 2 })),
    r => (r as { b: number }).b + 1,
  ),
  "objects with valueOf": mapping(
    undefined,
    numbers.map(n => new Date(n)),
    d => (d as unknown as number) * 2,
  ),
  "half a surrogate pair": mapping(undefined, ["a\ud800b", "plain", "\udc00"], w => [w.length, w.slice(0, 2)]),
  "large sharp s": mapping(undefined, ["ß", "straße"], w => w.toUpperCase()),
  "one object twice": mapping(undefined, flights, f => [f.date, f.date]),
  "big integers": mapping(undefined, [1n, 2n, -3n], n => n * 2n),
  "a throw that is not reached": mapping(undefined, numbers, x => {
    if (typeof x !== "number") throw new Error("not a number");
    return x + 1;
  }),
  "mapped values": {
    native: true,
    rows: pairs,
    run: rdd => (rdd as unknown as Rdd<[string, number]>).mapValues(v => v * 2).filter(([k]) => k !== "a"),
    plain: all => (all as unknown as [string, number][]).map(([k, v]) => [k, v * 2]).filter(([k]) => k !== "a"),
  },
  "keyed rows": {
    native: true,
    rows: words,
    run: rdd => (rdd as Rdd<string>).keyBy(w => w.length).values().keyBy(w => w) as unknown as Rdd<unknown>, // prettier-ignore
    plain: all => (all as string[]).map(w => [w, w]),
  },
  "native, then JavaScript, then native": {
    native: undefined,
    rows: flights,
    run: rdd =>
      (rdd as unknown as Rdd<(typeof flights)[0]>)
        .filter(f => !f.cancelled)
        .map(f => ({ ...f, text: JSON.stringify(f.date) }))
        .map(f => [f.text, f.delay + 1]),
    plain: all => (all as typeof flights).filter(f => !f.cancelled).map(f => [JSON.stringify(f.date), f.delay + 1]),
  },
};

export type Cases = typeof cases;

/** Reads a case's rows as columns, and gives what the engine and the plain function make of them. */
export async function runCase(ctx: Context, { rows, run, plain }: Case): Promise<readonly [unknown[], unknown[]]> {
  const cached = ctx.parallelize(rows as never[], 3).cache();
  await cached.count();
  const actual = await run(cached).collect();
  await cached.unpersist();
  return [actual, plain(rows as never[])];
}

export default { cases, runCase };
