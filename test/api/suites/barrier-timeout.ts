/** Tasks of a barrier stage that wait for one that does not come. */
import { taskContext } from "firesteel";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Suite } from "../suite.ts";

const suite: Suite = ({ ctx, test, expect, failure, takeWarnings }) => {
  test("a task that does not come is named when time is over", async () => {
    const folder = mkdtempSync(join(tmpdir(), "firesteel-barrier-"));
    const { kind, message, hint } = await failure(() =>
      ctx
        .range(0, 9, 1, 3)
        .barrier()
        .mapPartitionsWithIndex(async i => {
          const task = taskContext();
          const pause = () => new Promise(resolve => setTimeout(resolve, 5));
          if (i === 1) {
            while (!task.isInterrupted) await pause();
            return [];
          }
          // the time is counted from the first that comes: a thread may have begun much later than the other
          writeFileSync(join(folder, String(i)), "");
          while (readdirSync(folder).length < 2) await pause();
          await task.barrier();
          return [i];
        })
        .collect(),
    );
    rmSync(folder, { recursive: true });
    takeWarnings();
    expect([kind, message.replace(/^.*failed: /, "").replace(/stage \d+/, "stage N"), hint]).toEqual([
      "user",
      "not all tasks of barrier stage N came to their barrier within 2s: 1 of 3 are missing (1)",
      "look for what those tasks do instead, or raise firesteel.barrier.sync.timeout",
    ]);
  });
};

export default suite;
