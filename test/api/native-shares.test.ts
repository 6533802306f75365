/** Word count, a sort of lines and three million flights, as in examples/, run in kernels and generated code: 95 rows of 100 at least. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../../src/api/context.ts";
import type { EngineEvent } from "../../src/base/events.ts";
import { bundleJob, loadBundle, runEntry } from "../../src/closure/bundle.ts";
import { provideEngineModule } from "../../src/exec/engine-module.ts";
import * as publicModule from "../../src/index.ts";
import { startContext, stopContext } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
const input = join(folder, "lines.txt");
const lines = Array.from({ length: 20_000 }, (_, i) => `key${(i * 48271) % 65537} the word ${i % 300} of line`);
writeFileSync(input, lines.join("\n"));

const examples = { "word-count": [input], "tera-sort": ["sort", input, join(folder, "out")], flights: [] };

for (const [name, args] of Object.entries(examples)) {
  test(name, async () => {
    provideEngineModule(publicModule);
    const path = join(import.meta.dirname, `../../examples/${name}.ts`);
    const main = (await runEntry(await loadBundle(await bundleJob(path)))).default as (
      ctx: Context,
      args: readonly string[],
    ) => Promise<void>;
    const events: EngineEvent[] = [];
    const ctx = await startContext(
      name,
      { conf: { "firesteel.executor.memory": "512m" } },
      { onEvent: event => events.push(event) },
    );
    const { log } = console;
    console.log = () => {};
    try {
      await main(ctx, args);
    } finally {
      console.log = log;
      await stopContext(ctx);
    }
    const metrics = events.flatMap(event => (event.type === "taskEnded" && event.metrics ? [event.metrics] : []));
    const kernelRows = metrics.reduce((sum, each) => sum + (each.kernelRows ?? 0), 0);
    const jsRows = metrics.reduce((sum, each) => sum + (each.jsRows ?? 0), 0);
    expect(kernelRows).toBeGreaterThan(20_000);
    expect(kernelRows / (kernelRows + jsRows)).toBeGreaterThanOrEqual(0.95);
  });
}
