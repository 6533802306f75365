/** Saves whose executors die on the way, on a cluster: with rows written, and with parts committed. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Rdd, taskContext } from "firesteel";
import type { SuiteTools } from "../suite.ts";

export default function killedSaves({
  ctx,
  test,
  expect,
  same,
  takeEvents,
  takeWarnings,
  newFolder,
}: SuiteTools): void {
  const folder = newFolder();

  /** Ten thousand rows a partition; the first attempt at the last partition kills its process behind most of its rows. */
  const deadly = (): Rdd<string> =>
    ctx.range(0, 40_000, 1, 4).map(i => {
      const { partitionId, attemptNumber } = taskContext()!;
      if (i === 39_000 && partitionId === 3 && attemptNumber === 0) process.kill(process.pid, "SIGKILL");
      return `row ${i} ${"x".repeat(i % 50)}`;
    });
  const rows = Array.from({ length: 40_000 }, (_, i) => `row ${i} ${"x".repeat(i % 50)}`);

  const cases = {
    "compressed text": [(rdd, path) => rdd.saveAsTextFile(path, "zstd"), path => ctx.textFile(path, 1)],
    objects: [(rdd, path) => rdd.saveAsObjectFile(path), path => ctx.objectFile<string>(path, 1)],
  } satisfies Record<string, [(rdd: Rdd<string>, path: string) => Promise<void>, (path: string) => Rdd<string>]>;

  for (const [what, [save, read]] of Object.entries(cases)) {
    test(`${what}: an executor that dies while it writes leaves nothing, and every part is there once`, async () => {
      const path = join(folder, what);
      takeEvents();
      await save(deadly(), path);
      takeWarnings();
      expect(takeEvents().some(event => event.type === "executorLost")).toBe(true);
      same(
        readdirSync(path).filter(name => !name.startsWith("part-")),
        ["_SUCCESS"],
      );
      expect(readdirSync(path).length).toBe(5);
      same(await read(path).collect(), rows);
    });
  }
}
