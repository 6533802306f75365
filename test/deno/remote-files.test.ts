/** Deno plans and reads remote files too: its driver stands still for a thread that asks the network. */
import { expect, test } from "bun:test";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { runCommand } from "../examples/run-example.ts";

const runMaxMs = 120_000;

test(
  "a text of a web server",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "firesteel-deno-"));
    const body = Buffer.from("to be or not to be\n".repeat(2000));
    const server = new Worker(new URL("../sources/range-server-thread.ts", import.meta.url), { workerData: { body } });
    try {
      const [port] = (await once(server, "message")) as [number];
      const output = join(folder, "out.js");
      const job = join(import.meta.dirname, "../process/jobs/remote-files.ts");
      expect(runCommand(process.execPath, "src/main.ts", "bundle", job, "-o", output).err).toBe("");
      const deno = ["node_modules/.bin/deno", "run", "--allow-all", "--no-lock", "src/main.ts"];
      const run = (at: number) =>
        runCommand(...deno, "run", "--quiet", "--master", "local[2]", output, `http://127.0.0.1:${at}/a.txt`);
      expect(run(port)).toEqual({
        code: 0,
        out: "partitions: 3\nbe=4000 not=2000 or=2000 to=4000\n",
        err: "",
      });
      await server.terminate();
      expect(run(port).err).toContain(
        `error: cannot read http://127.0.0.1:${port}/a.txt: the connection was refused\n`,
      );
    } finally {
      await server.terminate();
      rmSync(folder, { recursive: true });
    }
  },
  runMaxMs,
);
