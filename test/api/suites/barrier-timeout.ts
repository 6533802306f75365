/** Tasks of a barrier stage that wait for one that does not come. */
import { taskContext } from "firesteel";
import type { Suite } from "../suite.ts";

const suite: Suite = ({ ctx, test, expect, failure, takeWarnings }) => {
  test("a task that does not come is named when time is over", async () => {
    const { kind, message, hint } = await failure(() =>
      ctx
        .range(0, 9, 1, 3)
        .barrier()
        .mapPartitionsWithIndex(async i => {
          const task = taskContext();
          if (i === 1) while (!task.isInterrupted) await new Promise(resolve => setTimeout(resolve, 5));
          else await task.barrier();
          return [i];
        })
        .collect(),
    );
    takeWarnings();
    expect([kind, message.replace(/^.*failed: /, "").replace(/stage \d+/, "stage N"), hint]).toEqual([
      "user",
      "not all tasks of barrier stage N came to their barrier within 1s: 1 of 3 are missing (1)",
      "look for what those tasks do instead, or raise firesteel.barrier.sync.timeout",
    ]);
  });
};

export default suite;
