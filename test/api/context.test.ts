/** One active Context a process, from `create` to `stop`, and again. */
import { expect, test } from "bun:test";
import { Context } from "../../src/api/context.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import { loadSuite } from "./suite.ts";
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

test("a local application is called the same before its engine has started and after", async () => {
  const ctx = await Context.create({ master: "local[1]" });
  try {
    const called = ctx.applicationId;
    expect(called).toMatch(/^local-\d+$/);
    await ctx.range(1).count();
    expect(ctx.applicationId).toBe(called);
  } finally {
    await ctx.stop();
  }
});

test("pages know a local application by the id that the Context gives", async () => {
  const conf = { "firesteel.ui.enabled": true, "firesteel.ui.port": 0 };
  const ctx = await Context.create({ master: "local[1]", conf });
  try {
    expect(await numbers(ctx).sum()).toBe(55);
    expect(ctx.applicationId).toMatch(/^local-\d+$/);
    const all = `${ctx.uiWebUrl}/api/v1/applications`;
    const [application] = (await (await fetch(all)).json()) as { id: string }[];
    expect(application!.id).toBe(ctx.applicationId);
    const stages = await fetch(`${all}/${ctx.applicationId}/stages`);
    expect([stages.status, ((await stages.json()) as unknown[]).length]).toEqual([200, 1]);
    expect((await fetch(`${all}/local/stages`)).status).toBe(404);
  } finally {
    await ctx.stop();
  }
});

test("masters and settings are checked when a Context is made", async () => {
  expect((await failure(() => Context.create({ master: "local[0]" }))).message).toContain("local[0]");
  await expect(Context.create({ conf: { "firesteel.executor.memroy": "1g" } })).rejects.toThrow(
    '"firesteel.executor.memroy"',
  );
  await (await make("local[1]")).stop();
});
