/** Functions of a job's files as expressions: what they capture, import and call, and where they were written. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleJob, bundleText, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { captureClosure } from "../../src/closure/capture.ts";
import { isLambda, type Lambda, type NoLambda } from "../../src/expr/ir.ts";
import { interpret } from "../../src/expr/interpret.ts";
import { printLambda } from "../../src/expr/print-expr.ts";

type AnyFunction = (...args: unknown[]) => unknown;

let folder: string;
let count = 0;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "firesteel-")));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): string {
  const home = join(folder, `${count++}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(home, name, ".."), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  return join(home, "job.ts");
}

/** The functions that a job exports by default. */
async function functionsOf(path: string): Promise<readonly AnyFunction[]> {
  const exports = await runEntry(await loadBundle(await bundleJob(path)));
  return exports.default as readonly AnyFunction[];
}

function read(fn: AnyFunction): Lambda | NoLambda {
  const { lambda } = captureClosure(fn as never, { operator: "map", at: undefined, warn: () => undefined });
  return structuredClone(lambda!);
}

function shown(fn: AnyFunction): string {
  const lambda = read(fn);
  if (!isLambda(lambda)) return `it ${lambda.reason} at ${lambda.file?.replace(/.*\//, "")}:${lambda.at}`;
  return `${printLambda(lambda)} ${JSON.stringify(lambda.captures)}`;
}

const lib = `import { base as start } from "./base.ts";
export const minuteMs = 60 * 1000;
const hourMs = 60 * minuteMs;
export const hours = (ms: number): number => ms / hourMs;
export function twice(x: number): number { return add(x, x) + start; }
function add(a: number, b: number): number { return a + b; }
export let rate = 2;
export function faster(): void { rate++; }
export const started = Date.now();
export const chosen = started > 0 ? add : hours;
export { add as plus };
export function looping(x: number): number { while (x > 1) x /= 2; return x; }
export function useRate(x: number): number { return x * rate; }
export default (x: number) => x + 3;
export const table = { a: 1 };
`;

describe("what functions call and use", () => {
  const job = `import third, { chosen, hours, looping, minuteMs, plus, rate, started, table, twice, useRate } from "./lib/lib.ts";
import * as lib from "./lib/lib.ts";
import { join } from "node:path";
const limit = 3;
const settings = { scale: 1.5, names: ["a", "b"], inner: { deep: true }, of: (x: number) => x + limit };
enum Colour { Red, Blue }
const adder = (n: number) => (x: number) => x + n;
const [add1, add2] = [adder(1), adder(2)];
function local(x: number): number { return x > limit ? add2(x) : twice(x); }
function fact(n: number): number { return n < 2 ? 1 : n * fact(n - 1); }
let changing = 1;
const last = (x: any) => x + changing;
export default [
  (x: any) => hours(x) + minuteMs,
  (x: any) => twice(x),
  (x: any) => lib.twice(x) + lib.minuteMs,
  (x: any) => plus(x, 1),
  (x: any) => local(x),
  (x: any) => settings.of(x) * settings.scale + settings.names.length,
  (x: any) => settings.inner.deep && x === Colour.Blue,
  add1,
  (x: any) => add1(add2(x)),
  twice,
  (x: any) => rate * x,
  (x: any) => useRate(x),
  (x: any) => started + x,
  (x: any) => chosen(x, x),
  (x: any) => looping(x),
  (x: any) => fact(x),
  (x: any) => join(x, "a"),
  (x: any) => third(x),
  (x: any) => table.a + x,
  last,
  Math.sqrt,
  function named(x: any): any { return x ? named(x - 1) : 0; },
];
changing = 5;
`;
  const expected = [
    "(x0) => (x0 / 3600000) + 60000 []",
    "(x0) => (x0 + x0) + 10 []",
    "(x0) => ((x0 + x0) + 10) + 60000 []",
    "(x0) => x0 + 1 []",
    "(x0) => (x0 > c0) ? (x0 + c1) : ((x0 + x0) + 10) [3,2]",
    "(x0) => ((x0 + c0) * c1) + c2 [3,1.5,2]",
    "(x0) => c0 && (x0 === c1) [true,1]",
    "(x0) => x0 + c0 [1]",
    "(x0) => let x1 = x0 + c0; x1 + c1 [2,1]",
    "(x0) => (x0 + x0) + 10 []",
    "it uses rate, which its module computes",
    "it uses rate, which is assigned to at lib.ts:13",
    "it uses started, which its module computes",
    "it calls chosen, which is not a function",
    "(x0) => { let v1 = x0; return { L0: for (; v1 > 1; ) { v1 = v1 / 2; } return v1; }; } []",
    "it calls itself at job.ts:10",
    "it calls join, which is not a function of the job's files at job.ts:30:15",
    "it calls third, which is not a function",
    "it uses table, which its module computes",
    "(x0) => x0 + c0 [5]",
    "(x0) => Math.sqrt(x0) []",
    "it calls itself",
  ];

  test("is part of them, or a reason at its place", async () => {
    const functions = await functionsOf(
      write({ "job.ts": job, "lib/lib.ts": lib, "lib/base.ts": "export const base = 10;\n" }),
    );
    const found = functions.map(shown);
    expected.forEach((each, at) => expect(found[at]).toStartWith(each));
    expect(found.length).toBe(expected.length);
    for (const fn of functions.filter(each => isLambda(read(each)))) {
      for (const row of [0, 1, 7, -2.5]) expect(interpret(read(fn) as Lambda, [row])).toEqual(fn(row));
    }
  });
});

describe("bundles that another process made", () => {
  const job = `import { helper, Math as Own } from "./own.ts";
import { Number } from "./own.ts";
const limit = 3;
const f = (x: number) => { if (x > limit) return x * 2; return Math.floor(x); };
const methods = { plain(x: number) { return x - limit; } };
export default [
  (x: any) => { const g = (y: number) => y + limit; return g(x) * f(x); },
  (x: any) => [1, 2].map(y => y + x + limit).filter(y => y > limit),
  (x: any) => x.trim().length,
  (x: any) => helper(x),
  (x: any) => Own.floor(x),
  (x: any) => Number(x),
  methods.plain,
  function down(x: any): any { return down(x); },
  (x: any) => { for (;;) return x; },
];
`;

  test("are read from the functions' texts", async () => {
    const own = `export const Math = { floor: (x: number) => -x };
export const Number = (x: number) => x + 100;
export const helper = (x: number) => Math.floor(x);
`;
    const path = write({ "job.ts": job, "own.ts": own });
    const out = join(path, "..", "out.js");
    writeFileSync(out, bundleText(await bundleJob(path)));
    const found = (await functionsOf(out)).map(shown);
    expect(found).toEqual([
      "(x0) => (x0 + c0) * ((x0 > c1) ? (x0 * 2) : Math.floor(x0)) [3,3]",
      "(x0) => [1, 2].map((x1) => ((x1 + x0) + c0)).filter((x2) => (x2 > c0)) [3]",
      "(x0) => x0.trim().length []",
      "it uses helper, whose source is not in the bundle at undefined:undefined",
      "it uses Math2, whose source is not in the bundle at undefined:undefined",
      "it uses Number, whose source is not in the bundle at undefined:undefined",
      "(x0) => x0 - c0 [3]",
      "it calls itself at undefined:undefined",
      "(x0) => { L0: for (; true; ) { return x0; } } []",
    ]);
  });
});

test("what changes after the operator's call does not change the lambda", async () => {
  const job = `const weights = { a: 1 };
let factor = 2;
export default [(x: any) => x * weights.a * factor, () => { weights.a = 10; factor = 20; }];
`;
  const [fn, change] = await functionsOf(write({ "job.ts": job }));
  const before = read(fn!) as Lambda;
  change!();
  expect(interpret(before, [3])).toBe(6);
  expect(interpret(read(fn!) as Lambda, [3])).toBe(600);
});

test("the trees of very long files are not kept", async () => {
  const job = `export default [(x: any) => x + 1];\n// ${"-".repeat(600_000)}\n`;
  const [fn] = await functionsOf(write({ "job.ts": job }));
  // the parser of texts is there when a bundle was opened before
  expect(shown(fn!)).toMatch(/^it has no source at hand|^\(x0\) => x0 \+ 1 /);
});

test("functions of packages and bound functions have no expression", async () => {
  const job = `import { join } from "node:path";
const of = (by: number, x: number): number => x * by;
export default [join, of.bind(null, 2), function (this: unknown) { return this; }, async (x: any) => x];
`;
  const functions = await functionsOf(write({ "job.ts": job }));
  expect(functions.slice(0, 3).map(shown)).toEqual([
    "it is not a function of the job's files at undefined:undefined",
    "it is bound to an object at undefined:undefined",
    "it uses this at job.ts:3:75",
  ]);
});
