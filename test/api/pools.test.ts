/** Where a Context's pools come from. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startContext, stopContext } from "./suite.ts";

test("pools come from a file, and the setting wins over it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-pools-"));
  const file = join(folder, "pools.xml");
  writeFileSync(file, '<allocations><pool name="a"><weight>5</weight></pool><pool name="b"/></allocations>');
  const conf = {
    "firesteel.scheduler.mode": "FAIR",
    "firesteel.scheduler.allocation.file": file,
    "firesteel.scheduler.pools": '{"b":{"minShare":1}}',
  };
  const ctx = await startContext("pools", { master: "local[1]", conf });
  const all = ctx.getAllPools();
  await stopContext(ctx);
  rmSync(folder, { recursive: true });
  expect(all.map(pool => `${pool.name} ${pool.weight} ${pool.minShare}`)).toEqual(["default 1 0", "a 5 0", "b 1 1"]);
});

test("a file that is not there is refused", async () => {
  const conf = { "firesteel.scheduler.allocation.file": "/nowhere/pools.json" };
  await expect(startContext("pools", { master: "local[1]", conf })).rejects.toThrow(
    "/nowhere/pools.json, which firesteel.scheduler.allocation.file names, cannot be read: there is no such file or folder",
  );
});
