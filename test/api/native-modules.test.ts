/** Jobs whose modules change the language, whose lambdas are very long or deep, or whose rows differ once in a million. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../../src/api/context.ts";
import type { EngineEvent } from "../../src/base/events.ts";
import { bundleJob, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { provideEngineModule } from "../../src/exec/engine-module.ts";
import * as publicModule from "../../src/index.ts";
import { difference } from "../data/same.ts";
import { startContext, stopContext } from "./suite.ts";

setDefaultTimeout(120_000);

type Job = (ctx: Context) => Promise<unknown>;

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
provideEngineModule(publicModule);
let files = 0;

interface Ran {
  readonly result: unknown;
  readonly kernelRows: number;
  readonly jsRows: number;
}

/** `job` stands behind `ctx =>`; `before` is run once in each thread. `jsRows` and `kernelRows` are of the last stage. */
async function run(before: string, job: string, isNative = true): Promise<Ran> {
  const name = `module-${files++}`;
  writeFileSync(
    join(folder, `${name}-before.ts`),
    `const { isDriver, undo } = globalThis as any;\nif (!isDriver) { undo?.(); globalThis.undo = undefined; ${before} }\nexport {};\n`,
  );
  writeFileSync(join(folder, `${name}.ts`), `import "./${name}-before.ts";\nexport default async ctx => ${job};\n`);
  const events: EngineEvent[] = [];
  const globals = globalThis as { isDriver?: boolean };
  globals.isDriver = true;
  const options = { master: "local[1]", conf: { "firesteel.codegen": isNative, "firesteel.executor.memory": "256m" } };
  const ctx = await startContext(name, options, { onEvent: event => events.push(event) });
  try {
    const bundle = await bundleJob(join(folder, `${name}.ts`));
    const result = await ((await runEntry(await loadBundle(bundle))).default as Job)(ctx);
    const ended = events.filter(event => event.type === "taskEnded");
    const last = ended.filter(({ stage }) => stage === ended.at(-1)!.stage);
    const sum = (of: "kernelRows" | "jsRows") => last.reduce((total, { metrics }) => total + (metrics?.[of] ?? 0), 0);
    return { result, kernelRows: sum("kernelRows"), jsRows: sum("jsRows") };
  } finally {
    await stopContext(ctx);
    delete globals.isDriver;
  }
}

/** What the patch is and what takes it back, as threads serve many jobs; a job, and what it gives with the patch. */
const patches: readonly (readonly [patch: string, undo: string, job: string, expected: unknown])[] = [
  ["const { split } = String.prototype; String.prototype.split = function (...a) { return this == 'a b' ? ['patched'] : split.apply(this, a); }", "String.prototype.split = split", 'ctx.parallelize(["a b"], 1).cache().flatMap(w => w.split(" ")).collect()', ["patched"]], // prettier-ignore
  ["const { floor } = Math; Math.floor = x => (x === 0.25 ? 42 : floor(x))", "Math.floor = floor", "ctx.range(2).map(x => Math.floor(x / 4)).collect()", [0, 42]], // prettier-ignore
  ["const before = Math; globalThis.Math = Object.create(Math, { ceil: { value: x => (x === 0.25 ? 41 : before.ceil(x)) } })", "globalThis.Math = before", "ctx.range(2).map(x => Math.ceil(x / 4)).collect()", [0, 41]], // prettier-ignore
  ["Object.defineProperty(Object.prototype, 'extra', { configurable: true, value: 7 })", "delete Object.prototype.extra", "ctx.parallelize([{ a: 1 }], 1).cache().map(r => r.extra).collect()", [7]], // prettier-ignore
  ["Object.defineProperty(Object.prototype, 'extra', { configurable: true, get() { return 8; } })", "delete Object.prototype.extra", "ctx.parallelize([{ a: 1 }], 1).cache().map(r => r.extra).collect()", [8]], // prettier-ignore
  ["Number.prototype.half = 9", "delete Number.prototype.half", "ctx.range(2).map(x => x.half).collect()", [9, 9]],
  ["Object.setPrototypeOf(String.prototype, Object.create(Object.prototype, { odd: { value: 6 } }))", "Object.setPrototypeOf(String.prototype, Object.prototype)", 'ctx.parallelize(["a"], 1).cache().map(w => w.odd).collect()', [6]], // prettier-ignore
  ["const { anchor } = String.prototype; delete String.prototype.anchor; String.prototype.odd = 5", "delete String.prototype.odd; String.prototype.anchor = anchor", 'ctx.parallelize(["a"], 1).cache().map(w => w.odd).collect()', [5]], // prettier-ignore
  ["const { trim } = String.prototype; Object.defineProperty(String.prototype, 'trim', { configurable: true, get() { return () => 'got'; } })", "Object.defineProperty(String.prototype, 'trim', { configurable: true, writable: true, value: trim })", 'ctx.parallelize([" a "], 1).cache().map(w => w.trim()).collect()', ["got"]], // prettier-ignore
];

for (const [patch, undo, job, expected] of patches) {
  test(`a module with ${patch}`, async () => {
    const ran = await run(`${patch};\nglobalThis.undo = () => { ${undo}; };`, job);
    expect(difference(ran.result, expected)).toBeUndefined();
  });
}

test("a lambda of 10,000 terms", async () => {
  const terms = Array.from({ length: 10_000 }, (_, i) => `x * ${i % 7}`).join(" + ");
  const job = `ctx.range(0, 2000, 1, 1).map(x => ${terms}).sum()`;
  const { result } = await run("", job);
  expect(result).toBe((await run("", job, false)).result);
});

test("a lambda nested deeply", async () => {
  const depth = 1000;
  const job = (open: string, close: string) => `ctx.range(0, 1500, 1, 1).map(x => ${open.repeat(depth)}x${close.repeat(depth)}).sum()`; // prettier-ignore
  for (const [open, close] of [
    ["(", " + 1)"],
    ["(x > 1 ? ", " : 2)"],
    ["Math.abs(", ")"],
  ] as const) {
    const { result } = await run("", job(open, close));
    expect(result).toBe((await run("", job(open, close), false)).result);
  }
});

test("a property missing in one row in a million", async () => {
  const rows = "ctx.range(0, 1_000_000, 1, 2).map(i => (i === 654_321 ? { a: i } : { a: i, b: i * 2 })).cache()";
  const job = `(async () => { const rows = ${rows}; await rows.count(); return rows.map(r => (r.b === undefined ? 5 : 0) + r.a).reduce((a, b) => a + b); })()`;
  const { result, kernelRows, jsRows } = await run("", job);
  expect(result).toBe((1_000_000 * 999_999) / 2 + 5);
  // a batch of it is JavaScript's
  expect(jsRows).toBeLessThan(0.3 * kernelRows);
});
