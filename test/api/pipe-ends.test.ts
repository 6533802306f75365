/** Commands of jobs that still run when their Context is stopped. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startContext, stopContext } from "./suite.ts";

/** Starting and stopping takes its time on a busy machine. */
const placeMaxMs = 120_000;

for (const master of ["local[2]", "local-cluster[1,1,64]"]) {
  test(
    `${master}: they end with it`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "pipe-ends-"));
      const file = join(folder, "pid");
      const ctx = await startContext("pipe-ends", { master });
      const job = ctx
        .range(0, 1, 1, 1)
        // a row has come: the task has said what it runs
        .pipe(["sh", "-c", `read row; echo $$ > ${file}.new && mv ${file}.new ${file}; exec sleep 1000`])
        .count()
        .catch((error: unknown) => (error as Error).message);
      while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 5));
      const pid = Number(readFileSync(file, "utf8"));
      expect(isAlive(pid)).toBe(true);
      await stopContext(ctx);
      expect(await job).toContain("stopped");
      while (isAlive(pid)) await new Promise(resolve => setTimeout(resolve, 5));
      rmSync(folder, { recursive: true });
    },
    placeMaxMs,
  );
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}
