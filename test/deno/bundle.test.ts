/** Deno runs, from source, what `firesteel bundle` made, and prints what Bun prints. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../examples/run-example.ts";

const runMaxMs = 120_000;
const deno = ["node_modules/.bin/deno", "run", "--allow-all", "--no-lock", "src/main.ts"];
const bun = [process.execPath, "src/main.ts"];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "firesteel-deno-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function bundle(job: string): string {
  const output = join(folder, "out.js");
  expect(runCommand(...bun, "bundle", job, "-o", output)).toEqual({ code: 0, out: "", err: "" });
  return output;
}

test.each<[string, ...string[]]>([
  ["examples/word-count.ts", "LICENSE"],
  ["examples/inverted-index.ts", "test/examples/texts"],
  ["examples/page-rank.ts"],
])(
  "%s",
  (job, ...args) => {
    const run = ["run", "--quiet", "--master", "local[2]", bundle(job), ...args];
    const ended = runCommand(...deno, ...run);
    expect(ended).toEqual(runCommand(...bun, ...run));
    expect(ended).toMatchObject({ code: 0, err: "" });
    expect(ended.out.split("\n").length).toBeGreaterThan(10);
  },
  runMaxMs,
);

test(
  "a failed task is told of at the user's own line",
  () => {
    const job = join(folder, "job.ts");
    writeFileSync(
      job,
      `import type { Context } from "firesteel";
export default async function main(ctx: Context): Promise<void> {
  const limit = 3;
  const below = ctx.range(10).map(n => {
    if (n > limit) throw new RangeError("too large");
    return n;
  });
  await below.collect();
}
`,
    );
    const { code, err } = runCommand(...deno, "run", "--quiet", bundle(job));
    expect(code).toBe(1);
    expect(err).toContain(`the function given to map at ${job}:4:31 threw RangeError: too large`);
    expect(err).toContain(`  at ${job}:5:`);
    expect(readdirSync(folder).sort()).toEqual(["job.ts", "out.js"]);
  },
  runMaxMs,
);

test(
  "what is no bundle is refused with what to do",
  () => {
    const { code, err } = runCommand(...deno, "run", "examples/pi.ts");
    expect({ code, err }).toEqual({
      code: 2,
      err: "error: examples/pi.ts is not a bundle, and this runtime cannot make one\n  fix: make one with: firesteel bundle examples/pi.ts -o out.js\n",
    });
  },
  runMaxMs,
);
