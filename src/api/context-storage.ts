/** What a Context says about rows that last: persisted Rdds, and where checkpoints go. */
import { callSite } from "../closure/stack.ts";
import { ContextJobs } from "./context-jobs.ts";
import type { Rdd } from "./rdd.ts";

export abstract class ContextStorage extends ContextJobs {
  /**
   * Where `checkpoint()` writes, in a new folder below: a local path, which on a cluster all machines must share, or an address as `s3:`
   * or `hdfs:`. What was checkpointed stays there when the application ends.
   * @throws where it cannot be made or written to
   * @example
   * ```ts
   * ctx.setCheckpointDir("checkpoints");
   * ctx.getCheckpointDir() !== undefined // => true
   * ```
   */
  setCheckpointDir(path: string): void {
    this.driver.checkpoints.setDirectory(path, callSite());
  }

  /**
   * The folder of this application's checkpoints, below what `setCheckpointDir` was given; undefined before.
   * @example
   * ```ts
   * ctx.setCheckpointDir("checkpoints");
   * ctx.getCheckpointDir()?.includes("/checkpoints/") // => true
   * ```
   */
  getCheckpointDir(): string | undefined {
    return this.driver.checkpoints.directory;
  }

  /**
   * The Rdds that are persisted and that something still refers to, by id.
   * @example
   * ```ts
   * const rows = ctx.range(3).setName("rows").cache();
   * ctx.getPersistentRdds().get(rows.id)?.name // => "rows"
   * ```
   */
  getPersistentRdds(): Map<number, Rdd<unknown>> {
    const { driver } = this;
    return new Map(driver.persistent.all().map(plan => [plan.id, driver.makeRdd(plan)]));
  }
}
