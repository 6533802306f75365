/** What a Context says of its settings, and what another of them changes. */
import { expect, test } from "bun:test";

import { basename, join } from "node:path";
import { Context } from "../../src/api/context.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import { UsageError } from "../../src/base/usage-error.ts";
import { FiresteelFiles } from "../../src/operators/added-files.ts";
import { startContext, stopContext } from "./suite.ts";

test("getOrCreate names the settings that an active Context does not take", async () => {
  const warnings: string[] = [];
  const conf = { "firesteel.default.parallelism": 3 };
  const ctx = await startContext("settings", { master: "local[1]", conf }, { onWarning: text => warnings.push(text) });
  expect(await Context.getOrCreate()).toBe(ctx);
  expect(await Context.getOrCreate({ master: "local[1]", conf })).toBe(ctx);
  expect(warnings).toEqual([]);
  const wanted = { "firesteel.default.parallelism": 4, "firesteel.executor.memory": "64m" };
  expect(await Context.getOrCreate({ master: "local[2]", appName: "other", conf: wanted })).toBe(ctx);
  expect(warnings).toEqual([
    "Context.getOrCreate gave the active Context, which keeps its settings: firesteel.master is local[1], not local[2]; firesteel.app.name is settings, not other; firesteel.default.parallelism is 3, not 4",
  ]);
  await expect(Context.getOrCreate({ conf: { "firesteel.nothing": 1 } })).rejects.toThrow("is not a configuration key");
  expect([ctx.master, ctx.appName, ctx.defaultParallelism, ctx.defaultMinPartitions]).toEqual([
    "local[1]",
    "settings",
    3,
    2,
  ]);
  expect(ctx.isStopped).toBe(false);
  await stopContext(ctx);
  expect(ctx.isStopped).toBe(true);
});

test("at log level error nobody is warned", async () => {
  const warnings: string[] = [];
  const ctx = await startContext("levels", { master: "local[1]" }, { onWarning: text => warnings.push(text) });
  ctx.setLogLevel("error");
  await Context.getOrCreate({ appName: "a" });
  ctx.setLogLevel("info");
  await Context.getOrCreate({ appName: "b" });
  expect(warnings.map(text => text.at(-1))).toEqual(["b"]);
  expect(() => ctx.setLogLevel("WARN" as "warn")).toThrow(
    new FiresteelError("user", '"WARN" is no log level', { hint: "one of error, warn, info, debug" }),
  );
  await stopContext(ctx);
});

test("files of the command line must be there", async () => {
  const started = (path: string) => startContext("files", { master: "local[1]", conf: { "firesteel.files": path } });
  const missing: unknown = await started(`${import.meta.path},no/such`).catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(UsageError);
  expect(missing).toMatchObject({
    message: "firesteel.files names no/such, but there is no such file or folder",
    hint: `check the path; it is relative to ${process.cwd()}`,
  });
  const folder: unknown = await started(import.meta.dirname).catch((error: unknown) => error);
  expect(folder).toMatchObject({
    message: `firesteel.files names ${import.meta.dirname}, but it is a folder`,
    hint: "ctx.addFile(path, true) sends a folder",
  });
  const ctx = await startContext("files", { master: "local[1]" });
  expect([await ctx.range(3).sum(), ctx.listFiles()]).toEqual([3, []]);
  await stopContext(ctx);
});

test("files of the command line are read where they are, and none without a Context", async () => {
  const path = join(import.meta.dirname, basename(import.meta.path));
  const ctx = await startContext("files", { master: "local[1]", conf: { "firesteel.files": path } });
  expect(FiresteelFiles.get("context-settings.test.ts")).toBe(path);
  expect(() => FiresteelFiles.get(5 as never)).toThrow("FiresteelFiles.get needs a file's name, but got 5");
  await ctx.addFile(import.meta.dirname + "/suite.ts");
  await ctx.addFile(path);
  expect(ctx.listFiles()).toEqual([path, import.meta.dirname + "/suite.ts"]);
  await stopContext(ctx);
  expect(() => FiresteelFiles.get("context-settings.test.ts")).toThrow(
    "FiresteelFiles was used while no Context is active",
  );
});
