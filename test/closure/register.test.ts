/** The preload: Bun imports the job's modules itself, and their functions ship all the same. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string;
const source = (name: string) => JSON.stringify(join(import.meta.dirname, "../../src/closure", name));

const helper = "export const makeAdder = (n: number) => (x: number) => x + n;\n";
const body = `
import { makeAdder } from "./helper.ts";
import { bundlesFor } from ${source("bundles.ts")};
import { captureClosure } from ${source("capture.ts")};
import { ClosureLoader } from ${source("instantiate.ts")};
import { callSite } from ${source("stack.ts")};

const offset = 3;
class Point {
  #x = offset;
  get x() { return this.#x; }
}
const rdd = { map: (fn: (x: number) => unknown) => captureClosure(fn, { operator: "map", at: callSite(), warn: () => {} }) };
async function run(fn: (x: number) => unknown, x: number) {
  const ref = rdd.map(fn);
  const loader = new ClosureLoader();
  for (const bundle of await bundlesFor([], new Set())) await loader.load(bundle);
  return [ref.at?.line, (loader.instantiate(ref, () => undefined) as (x: number) => unknown)(x)];
}
`;
// the engine's modules are imported by path here, so the bundle has them too: as they are
const job = `${body}
console.log(JSON.stringify([import.meta.main, await run(x => x + offset + new Point().x, 1), await run(makeAdder(5), 1)]));
`;
const setup = `import { beforeAll, expect } from "bun:test";
let ready = 0;
beforeAll(() => { ready = 1; });
export const check = (x: unknown, y: unknown) => expect([ready, x]).toEqual([1, y]);
export const half = (x: number) => x / 2;
`;
const testFile = (n: number) => `import { expect, test } from "bun:test";
import { check, half } from "./setup.ts";
${body}
test("ships", async () => {
  expect((await run(x => x * offset + ${n}, 2))[1]).toBe(${6 + n});
  expect((await run(makeAdder(${n}), 1))[1]).toBe(${n + 1});
  check((await run(half, 8))[1], 4);
});
`;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "firesteel-")));
  writeFileSync(join(folder, "helper.ts"), helper);
  writeFileSync(join(folder, "job.ts"), job);
  writeFileSync(join(folder, "setup.ts"), setup);
  writeFileSync(join(folder, "a.test.ts"), testFile(1));
  writeFileSync(join(folder, "b.test.ts"), testFile(2));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function bun(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const child = Bun.spawn([process.execPath, ...args], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

const preload = join(import.meta.dirname, "../../src/register.ts");

test("a script under bun --preload", async () => {
  const { out, err, code } = await bun("--preload", preload, "job.ts");
  expect(err).toBe("");
  expect(JSON.parse(out)).toEqual([true, [21, 7], [1, 6]]);
  expect(code).toBe(0);
}, 60_000);

test("several test files under bun test", async () => {
  const { err, code } = await bun("test", "--timeout", "60000", "--preload", preload);
  expect(err).toContain("2 pass");
  expect(code).toBe(0);
}, 60_000);
