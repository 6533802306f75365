/** Bundles as texts: the same each time, as good from a file, and leading back to the user's lines. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleJob, bundleMarker, bundleText, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { bundlesFor } from "../../src/closure/bundles.ts";
import { captureClosure, captureMethod } from "../../src/closure/capture.ts";
import { ClosureLoader } from "../../src/closure/instantiate.ts";
import { encodeValue } from "../../src/data/value-codec.ts";
import { callSite, mapStack, userPosition } from "../../src/closure/stack.ts";

let folder: string;
const write = (name: string, text: string) => {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "firesteel-")));
  (globalThis as Record<symbol, unknown>)[Symbol.for("firesteel.module")] = { where: () => callSite() };
});
afterAll(() => rmSync(folder, { recursive: true }));

const job = `#!/usr/bin/env firesteel
import { where } from "firesteel";
import { fail } from "./lib/fail.ts";

const scale: number = 3;

export const places = [
  where(),
];
const inTail = () => where.call(null);
export default {
  fn: (x: number): number => x * scale,
  failing: (x: number) => {
    const y = fail(x as number);
    return y;
  },
  tail: () => ({ at: inTail() }).at,
  partitioner: { parts: 4, partition(key: number) { return key % this.parts; } },
};
`;
const fail = `interface Padding { readonly some: number }

export function fail(x: number): number {
  throw new Error(\`no \${x}\`);
}
`;

test("a bundle and the file made of it are the same job", async () => {
  write("a/lib/fail.ts", fail);
  const path = write("a/job.ts", job);
  const bundle = await bundleJob(path);
  expect((await bundleJob(path)).hash).toBe(bundle.hash);
  expect(bundle.code.startsWith(`${bundleMarker}\n`)).toBe(true);
  const again = await bundleJob(write("a/out.js", bundleText(bundle)));
  expect([again.hash, again.code, again.map]).toEqual([bundle.hash, bundle.code, bundle.map]);
});

test("call sites, stacks and refs name the user's lines", async () => {
  write("b/lib/fail.ts", fail);
  const path = write("b/job.ts", job);
  const bundle = await bundleJob(path);
  const exports = await runEntry(await loadBundle(bundle));
  const { fn, failing, tail } = exports.default as {
    fn: (x: number) => number;
    failing: (x: number) => number;
    tail: () => unknown;
  };
  expect(exports["places"]).toEqual([{ file: path, line: 8, column: 3 }]);
  // the call is in tail position, whose frame the runtime would drop
  expect(tail()).toMatchObject({ file: path, line: 10 });
  const ref = captureClosure(fn, { operator: "map", at: undefined, warn: () => undefined });
  expect(ref).toMatchObject({
    text: "(x: number): number => x * scale",
    at: { file: path, line: 12, column: 7 },
    bundle: bundle.hash,
  });
  const loader = new ClosureLoader();
  await loader.load(bundle);
  const failingRef = captureClosure(failing, { operator: "map", at: undefined, warn: () => undefined });
  let stack = "";
  try {
    loader.instantiate(failingRef, () => undefined)(7 as never);
  } catch (thrown) {
    stack = (thrown as Error).stack!;
  }
  expect(userPosition(stack)).toMatchObject({ file: join(folder, "b/lib/fail.ts"), line: 4 });
  const mapped = mapStack(stack).split("\n");
  expect(mapped[0]).toBe("Error: no 7");
  expect(mapped[1]).toMatch(new RegExp(`^ {4}at fail \\(${folder}/b/lib/fail\\.ts:4:\\d+\\)$`));
  expect(mapped[2]).toMatch(new RegExp(`^ {4}at failing \\(${path}:14:\\d+\\)$`));
});

test("captured functions name the bundles they need", async () => {
  write("c/lib/fail.ts", fail);
  const bundle = await bundleJob(write("c/job.ts", job));
  const { default: exported } = await runEntry(await loadBundle(bundle));
  const { partitioner } = exported as { partitioner: { parts: number; partition(key: number): number } };
  const ref = captureMethod(partitioner, "partition", {
    operator: "partitionBy",
    at: undefined,
    warn: () => undefined,
  });
  const needed = await bundlesFor([], new Set());
  expect(needed.map(each => each.hash)).toContain(bundle.hash);
  expect(await bundlesFor([], new Set(needed.map(each => each.hash)))).toEqual([]);
  const loader = new ClosureLoader();
  await loader.load(bundle);
  const partition = loader.instantiate(structuredClone(ref), () => undefined) as (key: number) => number;
  expect(partition(7)).toBe(3);
});

test("a function without captures costs no bytes, and a builtin needs no bundle", async () => {
  const ref = captureClosure(Math.sqrt as never, { operator: "map", at: undefined, warn: () => undefined });
  const sqrt = new ClosureLoader().instantiate({ ...ref, bundle: "" }, () => undefined) as (x: number) => number;
  expect(sqrt(9)).toBe(3);
  const bundle = await bundleJob(write("d/job.ts", "export default (x: number) => x + 1;\n"));
  const { default: fn } = await runEntry(await loadBundle(bundle));
  expect(captureClosure(fn as never, { operator: "map", at: undefined, warn: () => undefined }).captures.length).toBe(
    0,
  );
});

test("syntax that the parser does not know still ships", async () => {
  const path = write(
    "e/job.ts",
    `export default abstract class Job<out T> {
  declare readonly kind: T;
  static run(): (x: number) => number {
    return (x: number): number => x satisfies number;
  }
}
`,
  );
  const bundle = await bundleJob(path);
  const { default: made } = await runEntry(await loadBundle(bundle));
  const ref = captureClosure((made as { run(): (x: number) => number }).run(), {
    operator: "map",
    at: undefined,
    warn: () => undefined,
  });
  expect(ref.at).toMatchObject({ file: path, line: 4 });
  const loader = new ClosureLoader();
  await loader.load(bundle);
  expect((loader.instantiate(ref, () => undefined) as (x: number) => number)(4)).toBe(4);
});

test("rows need the bundle of their classes even when no function ships", async () => {
  const bundle = await bundleJob(write("f/job.ts", "class Row {}\nexport default () => new Row();\n"));
  const sent = new Set((await bundlesFor([], new Set())).map(each => each.hash));
  expect(sent.has(bundle.hash)).toBe(false);
  const { default: makeRow } = await runEntry(await loadBundle(bundle));
  encodeValue((makeRow as () => object)());
  expect((await bundlesFor([], sent)).map(each => each.hash)).toEqual([bundle.hash]);
});
