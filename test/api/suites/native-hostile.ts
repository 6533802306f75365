/**
 * What looks as if it had native code and must be JavaScript's answer all the same: each case gives what the engine and the plain
 * function make of the same rows, which come cached, as text, as CSV, as a range, through exchanges and joins.
 */
import type { Context, Rdd } from "firesteel";

export type Case = (ctx: Context, files: Files) => Promise<readonly [actual: unknown, expected: unknown]>;

export interface Files {
  /** Lines of `texts`. */
  readonly lines: string;
  /** `n,s,maybe` of `cells`, with a header. */
  readonly csv: string;
  /** c0 … c999, of `wideRows` rows. */
  readonly wide: string;
}

export const texts = ["a b  c", "", "ß straße", "İI ıi", "𝄞 clef 😀", "e\u0301 é", "1 2", "x".repeat(70), " \u00a0\ufeff ", "ΑΣ Σ", "ﬁ ŉ"]; // prettier-ignore
export const cells = Array.from({ length: 200 }, (_, i) => ({
  n: i === 150 ? 2 ** 53 : i - 20,
  s: i % 3 === 0 ? `${i}` : texts[i % 8]!.trim() || "-",
  maybe: i % 50 === 7 ? null : i / 2,
}));
export const wideColumns = 1000;
export const wideRows = 40;

type Text = (w: string) => unknown;

const ofText: Readonly<Record<string, Text>> = {
  "split with a limit": w => w.split(" ", 2),
  "split with a computed limit": w => w.split(" ", w.length - 3).length,
  "split by a regular expression": w => w.split(/\s+/).length,
  "split by nothing": w => w.split("").length,
  "split by undefined": w => w.split(undefined as never)[0],
  "parts of split": w => [w.split(" ")[1], w.split(" ").at(-1), w.split(" ")[-1], w.split(" ")["1.5" as never]],
  "upper case": w => [w.toUpperCase(), w.toUpperCase().length],
  "lower case": w => [w.toLowerCase(), w.toLowerCase().length],
  "code units": w => [w.length, w[0], w.charCodeAt(1), w.codePointAt(0), w.at(-1), w.charAt(2)],
  "half a pair": w => [w.slice(0, 1), w.slice(1, 2), w.substring(0, 1) + w.substring(1, 2) === w.slice(0, 2)],
  "plus with a number": w => [w + 1, 1 + w, w + -0, `${w}${2 ** 53}`],
  "plus before and after": w => 1 + 2 + w + 1 + 2,
  "as a number": w => [+w, Number(w), w.length > 3 && +w > 2, (w as never as number) * 1, (w as never as number) - 0],
  "against a number": w => [(w as never) == 0, (w as never) < 3, (w as never) === 1],
  "order of code units": w => [w < "\ue000", w < "𝄞", w > "ﬁ", w <= w + ""],
  "properties of text": w => [w["length"], (w as never)["size"], (w as never)["constructor"] === String, typeof w.toString], // prettier-ignore
  "destructured text": w => {
    const [a, b] = w;
    return [a, b];
  },
  "spread text": w => [...w].length,
  "empty text": w => [w || "none", w && 1, w ?? 2, !w, w ? 1 : 0],
};

type Cell = (typeof cells)[0];

const ofCell: Readonly<Record<string, (row: Cell) => unknown>> = {
  "past 2^53": ({ n }) => [n + 1, n * n, n + 1 === n + 2, n | 0, n >>> 0, n % 3, String(n + 1)],
  "minus zero": ({ n }) => [-(n * 0), Math.round(-0.4 * n), Math.min(0, -0 * n), 1 / (n * 0), `${-0 * n}`],
  "null in arithmetic": r => [r.maybe! + 1, r.maybe! < 1, r.maybe! * 2, -r.maybe!, r.maybe == null],
  "null in text": r => [`${r.maybe}`, "" + r.maybe, r.s + r.maybe],
  "text or number": r => (r.n % 2 === 0 ? r.s : r.n),
  "plus of text or number": r => (r.n % 2 === 0 ? r.s : (r.n as never as string)) + 1,
  "one object or another": r => (r.n % 7 === 0 ? { a: r.n } : { a: r.n, b: r.s }),
  "what every object has": r => [typeof r.toString, "n" in r, (r as never)["__proto__"] === Object.prototype, typeof (r as never)["constructor"]], // prettier-ignore
  "a key called __proto__": r => ({ ["__proto__"]: r.n, n: r.s }),
  "no such field": r => [(r as never)["x"], (r as never)?.["x"]?.["y"], { ...r, x: 1 }.x],
  "spread last": r => ({ ...{ n: 1 }, ...r, s: 2 }),
  "the row itself": r => [r, r],
  "keys of the row": r => Object.keys(r),
  "the row as text": r => `${r as never}`,
  "equal objects": r => [(r as never) === (r as never), ({} as never) == ({} as never)],
  "array from a length": r => Array(Math.abs(r.n) % 5).length,
};

const mixed: readonly unknown[] = [
  1,
  "2",
  null,
  undefined,
  true,
  [3],
  { valueOf: 1 },
  4n,
  new Date(5),
  -0,
  NaN,
  "",
  [[]],
];
/** A getter is read when the row is made. */
const withGetters = Array.from({ length: 60 }, (_, i) => ({
  i,
  get twice() {
    return this.i * 2;
  },
}));
class Money {
  constructor(readonly cents: number) {}
  valueOf(): number {
    return this.cents;
  }
  toString(): string {
    return `$${this.cents / 100}`;
  }
}
const captured = {
  calls: 0,
  get next() {
    return 5;
  },
};
const proxied: { by: number } = new Proxy({ by: 3 }, { get: (target, name) => (name === "by" ? 4 : Reflect.get(target, name)) }); // prettier-ignore
const heir = Object.create({ inherited: 7 }) as { inherited: number };
const holes: (number | undefined)[] = [1, , 3]; // eslint-disable-line no-sparse-arrays

const others: Readonly<Record<string, Case>> = {
  "rows of all kinds": async ctx => {
    const fn = (x: unknown) => [(x as number) + 1, typeof x, x === null, !x];
    const rows = mixed.filter(x => typeof x !== "bigint");
    return [await (await cached(ctx, rows)).map(fn).collect(), rows.map(fn)];
  },
  "rows with getters": async ctx => {
    const fn = (r: { i: number; twice: number }) => r.twice + r.i;
    return [await (await cached(ctx, withGetters)).map(fn).collect(), withGetters.map(fn)];
  },
  "instances with valueOf": async ctx => {
    const rows = Array.from({ length: 50 }, (_, i) => new Money(i));
    const fn = (m: Money) => [+m, (m as never as number) + 1, `${m}`, m + "", (m as never as number) > 30, m.cents];
    return [await (await cached(ctx, rows)).map(fn).collect(), rows.map(fn)];
  },
  "rows that are proxies": async ctx => {
    const rows = Array.from(
      { length: 50 },
      (_, i) => new Proxy({ i }, { get: (t, k) => (k === "i" ? i * 10 : Reflect.get(t, k)) }),
    );
    const fn = (r: { i: number }) => r.i + 1;
    return [await (await cached(ctx, rows)).map(fn).collect(), rows.map(fn)];
  },
  "captured getters, proxies, prototypes and holes": async ctx => {
    const plain = (x: number) => [x + captured.next, x * proxied.by, x + heir.inherited, holes[1], holes.length];
    const expected = [1, 2, 3].map(plain);
    const rdd = await cached(ctx, [1, 2, 3]);
    const parts = [
      await outcome(() => rdd.map(x => x + captured.next).collect()),
      await outcome(() => rdd.map(x => x * proxied.by).collect()),
      await outcome(() => rdd.map(x => [holes[1], holes.length, x]).collect()),
    ];
    // what cannot be shipped is refused, never computed otherwise
    const [getter, proxy, hole] = parts;
    const column = (i: number) => expected.map(row => row[i]);
    return [
      [isOr(getter, column(0)), isOr(proxy, column(1)), hole],
      [true, true, [1, 2, 3].map(x => [undefined, 3, x])],
    ];
  },
  "range past 2^53": async ctx => {
    const start = 2 ** 53 - 4;
    const rows = Array.from({ length: 8 }, (_, i) => start + i * 2);
    const fn = (x: number) => [x, x + 1, x % 10, x & 7, `${x}`];
    return [
      await ctx
        .range(start, start + 16, 2, 2)
        .map(fn)
        .collect(),
      rows.map(fn),
    ];
  },
  "a join's missing sides": async ctx => {
    const left = Array.from({ length: 90 }, (_, i) => [i % 30, i] as [number, number]);
    const right = Array.from({ length: 15 }, (_, i) => [i * 2, `r${i}`] as [number, string]);
    const rows = await (
      await cached(ctx, left)
    )
      .leftOuterJoin(await cached(ctx, right), 2)
      .map(([k, [v, w]]) => [k, v, w + "!", w?.length, w ?? "none"])
      .sortBy(row => row[1] as number)
      .collect();
    const of = (k: number) => (k % 2 === 0 ? `r${k / 2}` : undefined);
    return [rows, left.map(([k, v]) => [k, v, of(k) + "!", of(k)?.length, of(k) ?? "none"])];
  },
  "missing sides of a full join, beside numbers": async ctx => {
    const left = Array.from({ length: 90 }, (_, i) => [i % 30, i] as [number, number]);
    const right = Array.from({ length: 40 }, (_, i) => [i * 2, `r${i}`] as [number, string]);
    const shown = (k: number, v: number | undefined, w: string | undefined) => [k, v ?? -1, w + "!", (v as number) + k];
    const rows = await (
      await cached(ctx, left)
    )
      .fullOuterJoin(await cached(ctx, right), 2)
      .zipWithUniqueId()
      .map(([[k, [v, w]], id]) => [k, v ?? -1, w + "!", (v as number) + k, id >= 0])
      .sortBy(row => [row[0], row[1]])
      .collect();
    const of = (k: number) => (k % 2 === 0 ? `r${k / 2}` : undefined);
    const expected = [
      ...left.map(([k, v]) => [...shown(k, v, of(k)), true]),
      ...right.filter(([k]) => k >= 30).map(([k, w]) => [...shown(k, undefined, w), true]),
    ];
    return [rows, expected.sort((a, b) => (a[0] as number) - (b[0] as number) || (a[1] as number) - (b[1] as number))];
  },
  "columns side by side, and each with each": async ctx => {
    const numbers = Array.from({ length: 300 }, (_, i) => (i % 9 === 0 ? i / 8 : i));
    const words = numbers.map(n => (n % 5 === 0 ? undefined : `w${n}`));
    const fn = ([[n, w], m]: [[number, string | undefined], number]) => [n + m, w?.length, `${w}${n}`, n % 2 === m];
    const rows = await (
      await cached(ctx, numbers)
    )
      .zip(await cached(ctx, words))
      .cartesian(ctx.range(0, 3, 1, 1))
      .map(fn)
      .collect();
    return [rows, numbers.flatMap((n, i) => [0, 1, 2].map(m => fn([[n, words[i]], m])))];
  },
  "mixed keys through an exchange": async ctx => {
    const rows = Array.from({ length: 400 }, (_, i) => [i % 7 === 0 ? `${i % 5}` : i % 5, i] as [unknown, number]);
    const actual = await (
      await cached(ctx, rows)
    )
      .reduceByKey((a, b) => a + b, 3)
      .map(([k, v]) => [typeof k, `${k}`, v])
      .collect();
    const sums = new Map<unknown, number>();
    for (const [k, v] of rows) sums.set(k, (sums.get(k) ?? 0) + v);
    const expected = [...sums].map(([k, v]) => [typeof k, `${k}`, v]);
    const order = (a: unknown[], b: unknown[]) => (String(a) < String(b) ? -1 : 1);
    return [actual.sort(order), expected.sort(order)];
  },
  "folds of text, of numbers that become text": async ctx => {
    const rows = Array.from({ length: 300 }, (_, i) => [i % 3, i === 200 ? "!" : i] as [number, number]);
    const actual = await ctx.parallelize(rows, 1).cache().reduceByKey((a, b) => a + b, 1).sortByKey(true, 1).collect(); // prettier-ignore
    const expected = [0, 1, 2].map(k => [k, rows.filter(row => row[0] === k).map(row => row[1]).reduce((a, b) => a + b)]); // prettier-ignore
    return [actual, expected];
  },
  "a thousand columns": async (ctx, { wide }) => {
    const rows = ctx.csvFile<Record<string, number>>(wide, { header: true, inferSchema: true });
    const expected = Array.from({ length: wideRows }, (_, i) => i);
    const actual = [
      await rows.map(r => r["c7"]! + r["c999"]!).sum(),
      await rows.filter(r => r["c500"]! % 2 === 0).map(r => ({ ...r, more: 1 })["more"]).count(),
      (await rows.map(r => ({ ...r, c3: "x" })).cache().map(r => Object.keys(r).length).collect())[0],
    ]; // prettier-ignore
    return [actual, [expected.reduce((sum, i) => sum + (i + 7) + (i + 999), 0), wideRows / 2, wideColumns]];
  },
};

async function outcome(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (thrown) {
    return thrown as Error;
  }
}

function isOr(actual: unknown, expected: unknown): boolean {
  return actual instanceof Error || JSON.stringify(actual) === JSON.stringify(expected);
}

async function cached<T>(ctx: Context, rows: readonly T[]): Promise<Rdd<T>> {
  const rdd = ctx.parallelize(rows as T[], 3).cache();
  await rdd.count();
  return rdd as Rdd<T>;
}

const cases: Record<string, Case> = { ...others };
for (const [name, fn] of Object.entries(ofText)) {
  cases[`lines: ${name}`] = async (ctx, { lines }) => [
    await ctx.textFile(lines, 1).map(fn).collect(),
    texts.map(w => fn(w)),
  ];
  cases[`cached text: ${name}`] = async ctx => [
    await (await cached(ctx, texts)).map(fn).collect(),
    texts.map(w => fn(w)),
  ];
}
for (const [name, fn] of Object.entries(ofCell)) {
  cases[`CSV: ${name}`] = async (ctx, { csv }) => {
    const rows = ctx.csvFile<Cell>(csv, { header: true, inferSchema: true });
    return [await rows.map(fn).collect(), (await rows.collect()).map(r => fn(r))];
  };
  cases[`cached objects: ${name}`] = async ctx => [
    await (await cached(ctx, cells)).map(fn).collect(),
    cells.map(r => fn(r)),
  ];
}

export default cases;
