/** A function that throws is told of in the same words, at the same line, with generated code and without it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Context } from "../../src/api/context.ts";
import { bundleJob, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { provideEngineModule } from "../../src/exec/engine-module.ts";
import * as publicModule from "../../src/index.ts";
import { startContext, stopContext } from "./suite.ts";

type Cases = Readonly<Record<string, (ctx: Context) => Promise<unknown>>>;

const path = join(import.meta.dirname, "../process/jobs/native-failures.ts");
provideEngineModule(publicModule);
const cases = (await runEntry(await loadBundle(await bundleJob(path)))).cases as Cases;
const succeeds = ["throw behind what is taken"];

async function outcomes(isNative: boolean): Promise<Map<string, unknown>> {
  const ctx = await startContext("native-failures", {
    master: "local[1]",
    conf: { "firesteel.codegen": isNative, "firesteel.executor.memory": "64m" },
  });
  const all = new Map<string, unknown>();
  try {
    for (const [name, run] of Object.entries(cases)) {
      try {
        all.set(name, { result: await run(ctx) });
      } catch (thrown) {
        const { kind, message, hint, at, stack } = thrown as publicModule.FiresteelError;
        all.set(name, { kind, message, hint, at, stack });
      }
    }
  } finally {
    await stopContext(ctx);
  }
  return all;
}

test("the same errors, at the user's lines", async () => {
  const plain = await outcomes(false);
  const generated = await outcomes(true);
  expect(plain.size).toBeGreaterThan(15);
  for (const [name, each] of plain) {
    expect([name, generated.get(name)]).toEqual([name, each]);
    if (succeeds.includes(name)) expect(each).toHaveProperty("result");
    else
      expect([name, each]).toEqual([
        name,
        expect.objectContaining({
          kind: "user",
          at: expect.objectContaining({ file: "test/process/jobs/native-failures.ts" }),
        }),
      ]);
  }
});
