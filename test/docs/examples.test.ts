/**
 * Every example of the docstrings, loaded as a job is, with the values that it promises; and compiled as a user's file is. Each
 * runs in an empty folder of its own, but for `rows.parquet`.
 */
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../../src/api/context.ts";
import { bundleJob, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { provideEngineModule } from "../../src/exec/engine-module.ts";
import * as publicModule from "../../src/index.ts";
import { startContext, stopContext } from "../api/suite.ts";
import { difference } from "../data/same.ts";
import { root } from "../source-tree.ts";
import {
  type Check,
  documentedExamples,
  type Examples,
  examplesModule,
  needsOwnContext,
  promisedValues,
} from "./examples.ts";

const parquet = join(root, "test/sources/data/v1-snappy.parquet");
const examples = documentedExamples();
const folder = join(root, "build", `examples-${process.pid}`);
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "examples.ts");
writeFileSync(file, examplesModule(examples));

provideEngineModule(publicModule);
const load = (await runEntry(await loadBundle(await bundleJob(file)))).default as Examples;
let checked = 0;
const check: Check = (line, actual, expected) => {
  checked++;
  const found = difference(actual, expected);
  if (found !== undefined) throw new Error(`${line} gives ${Bun.inspect(actual)}: ${found}`);
};
const runs = load(check) as Record<string, (ctx: Context | undefined) => Promise<void>>;

let shared: Context | undefined;
afterAll(stopShared);

async function stopShared(): Promise<void> {
  if (shared !== undefined) await stopContext(shared);
  shared = undefined;
}

async function inOwnFolder(run: () => Promise<void>): Promise<void> {
  const [before, own] = [process.cwd(), mkdtempSync(join(tmpdir(), "example-"))];
  copyFileSync(parquet, join(own, "rows.parquet"));
  process.chdir(own);
  try {
    await run();
  } finally {
    process.chdir(before);
    rmSync(own, { recursive: true });
  }
}

test("examples compile under strict settings", () => {
  const config = {
    extends: "../../tsconfig.json",
    include: ["."],
    compilerOptions: { paths: { firesteel: ["../../src/index.ts"] } },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = Bun.spawnSync([process.execPath, join(root, "node_modules/typescript/bin/tsc"), "-p", folder]);
  expect(tsc.stdout.toString()).toBe("");
  expect(tsc.exitCode).toBe(0);
}, 120_000);

for (const example of examples.filter(each => !needsOwnContext(each))) {
  test(example.name, () =>
    inOwnFolder(async () => {
      shared ??= await startContext("examples");
      // what the example before has set
      shared.clearJobGroup();
      shared.clearJobTags();
      checked = 0;
      await runs[example.name]!(shared);
      expect(checked).toBe(promisedValues(example));
    }),
  );
}

for (const example of examples.filter(needsOwnContext)) {
  test(example.name, () =>
    inOwnFolder(async () => {
      await stopShared();
      const own = example.code.includes("Context.create(") ? undefined : await startContext("examples");
      checked = 0;
      await runs[example.name]!(own);
      expect(checked).toBe(promisedValues(example));
      await own?.stop();
      await publicModule.Context.active()?.stop();
    }),
  );
}
