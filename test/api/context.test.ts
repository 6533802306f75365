/** One active Context a process, from `create` to `stop`, and again. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { Context } from "../../src/api/context.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import { loadSuite, startContext, stopContext } from "./suite.ts";
import type { Lifecycle } from "./suites/lifecycle.ts";

const { make, numbers, endless, pairs } = await loadSuite<Lifecycle>("lifecycle");

async function failure(run: () => unknown): Promise<FiresteelError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof FiresteelError) return error;
  }
  throw new Error("not refused");
}

test("a stopped Context refuses work, and another can be made", async () => {
  const first = await make("local[2]");
  const rows = numbers(first);
  expect(await rows.sum()).toBe(55);
  const running = failure(() => endless(first).count());
  await first.stop();
  await first.stop();
  const { kind, message } = await running;
  expect([kind, message.includes("the Context was stopped")]).toEqual(["cancelled", true]);
  for (const use of [
    () => rows.count(),
    () => rows.map(String),
    () => first.range(3).collect(),
    () => first.runJob(rows, () => 1),
  ]) {
    expect(await failure(use)).toMatchObject({ kind: "user", message: "the Context is stopped" });
  }
  const second = await Context.getOrCreate({ master: "local[1]" });
  expect(second).not.toBe(first);
  expect(await numbers(second).sum()).toBe(55);
  for (const use of [
    () => numbers(second).union(rows),
    () => pairs(second).join(pairs2),
    () => second.runJob(rows, () => 1),
  ]) {
    expect((await failure(use)).message).toMatch(/^(union|join|runJob) got an Rdd of another Context$/);
  }
  await second.stop();
});

const stopped = await make("local[1]");
const pairs2 = pairs(stopped);
await stopped.stop();

test("await using stops a Context when its block ends", async () => {
  {
    await using ctx = await make("local[1]");
    expect(await numbers(ctx).count()).toBe(10);
    expect(await Context.getOrCreate()).toBe(ctx);
  }
  await expect(Context.create({ conf: { "firesteel.executor.timeout": "1s" } })).rejects.toThrow(
    "executors would be given up between two heartbeats",
  );
  await (await make("local[1]")).stop();
});

test("stopped Contexts leave no threads and no files", async () => {
  const mine = () =>
    readdirSync(tmpdir()).filter(name => name.startsWith("firesteel-") && name.includes(String(process.pid)));
  const cycle = async () => {
    const ctx = await startContext("lifecycle", { master: "local[3]" });
    expect(await pairs(ctx).groupByKey(4).count()).toBe(3);
    await stopContext(ctx);
    return readdirSync("/proc/self/task").length;
  };
  const before = [await cycle(), await cycle()];
  const after = [await cycle(), await cycle()];
  expect(Math.min(...after)).toBeLessThanOrEqual(Math.max(...before));
  expect(mine()).toEqual([]);
});

test("masters and settings are checked when a Context is made", async () => {
  expect((await failure(() => Context.create({ master: "local[0]" }))).message).toContain("local[0]");
  await expect(Context.create({ conf: { "firesteel.executor.memroy": "1g" } })).rejects.toThrow(
    '"firesteel.executor.memroy"',
  );
  await (await make("local[1]")).stop();
});
