/** Rows of a quarter of a task's memory: the same bytes as with ample memory; larger ones are named. */
import { afterAll, expect, test } from "bun:test";
import type { Context, FiresteelError } from "../../src/index.ts";
import { loadSuite, startContext, stopContext } from "./suite.ts";

const suite = await loadSuite<{
  names: readonly string[];
  digest(ctx: Context, name: string, rowBytes: number): Promise<string[]>;
  tooLarge(ctx: Context, rowBytes: number): Promise<unknown>;
}>("large-rows");

const MiB = 2 ** 20;
const memoryMb = 16;
const rowBytes = (memoryMb / 4) * MiB;
const timeoutMs = 300_000;
const expected = new Map<string, string[]>();
const contexts: Context[] = [];
afterAll(() => Promise.all(contexts.map(ctx => stopContext(ctx))));

async function started(memory: number): Promise<Context> {
  const ctx = await startContext("large-rows", {
    master: "local[1]",
    conf: { "firesteel.executor.memory": `${memory}m` },
  });
  contexts.push(ctx);
  return ctx;
}

test(
  "with ample memory",
  async () => {
    const ctx = await started(1024);
    for (const name of suite.names) expected.set(name, await suite.digest(ctx, name, rowBytes));
    await stopContext(contexts.pop()!);
  },
  timeoutMs,
);

test(
  "of a quarter of a task's memory",
  async () => {
    const ctx = await started(memoryMb);
    for (const name of suite.names) {
      const digest = await suite.digest(ctx, name, rowBytes).catch(error => [String(error)]);
      expect([name, digest]).toEqual([name, expected.get(name)!]);
    }
  },
  timeoutMs,
);

test(
  "beyond all memory: the row, its key, the operator's line, and what to raise",
  async () => {
    const ctx = contexts[0]!;
    const error = await suite.tooLarge(ctx, (memoryMb + 1) * MiB).then(
      () => undefined,
      (thrown: FiresteelError) => thrown,
    );
    expect(error?.kind).toBe("resource");
    expect(error?.message).toContain("groupByKey needs 17.0 MiB more engine memory and cannot have it");
    expect(error?.message).toEndWith(
      '; all of it is for one of the pairs of groupByKey, of 17.0 MiB or more: with the key "large"',
    );
    expect(error?.hint).toStartWith("raise firesteel.executor.memory (engine memory is ");
    expect(error?.at?.file).toEndWith("large-rows.ts");
  },
  timeoutMs,
);
