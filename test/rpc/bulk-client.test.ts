import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

test("a connection that was never made is forgotten without a word", () => {
  const client = join(import.meta.dirname, "../../src/rpc/bulk-client.ts");
  // beyond the time that an idle connection is kept: a rejection that nobody hears would end the process
  const script = `
    const { BulkClient } = await import(${JSON.stringify(client)});
    const client = new BulkClient({ keepIdleMs: 10 });
    const failure = await client.open({ host: "127.0.0.1", port: 1 }, "x", new Uint8Array()).catch(error => error);
    setTimeout(() => console.log(failure.kind), 100);
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
  expect([status, stdout, stderr]).toEqual([0, "lost\n", ""]);
});
