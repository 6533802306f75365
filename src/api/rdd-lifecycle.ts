/** How long an Rdd's rows last: kept by executors at a storage level, or checkpointed, which cuts its lineage. */
import { FiresteelError } from "../base/errors.ts";
import { callSite } from "../closure/stack.ts";
import { StorageLevel } from "../plan/storage-level.ts";
import { preview } from "../operators/row-errors.ts";
import { checkFlag, checkNamed } from "./plain-arguments.ts";
import { RddCore } from "./rdd-core.ts";

export abstract class RddLifecycle<T> extends RddCore<T> {
  /**
   * Where its partitions are kept: what `persist` set, `StorageLevel.NONE` without.
   * @example
   * ```ts
   * ctx.range(3).storageLevel === StorageLevel.NONE // => true
   * ctx.range(3).cache().storageLevel.name // => "MEMORY_ONLY"
   * ```
   */
  get storageLevel(): StorageLevel {
    return this.plan.storage ?? StorageLevel.NONE;
  }

  /**
   * Keeps partitions in memory when they are first computed; evicted ones are computed again. They are freed by `unpersist`, or when
   * nothing refers to the Rdd, or to others made of it, any more.
   * @cost narrow: the first job that needs a partition keeps it beside computing it; what reads it on another executor fetches it
   * @memory whole partitions as columns, while there is room; tasks may take it back down to `firesteel.memory.storageFraction`. Those
   * go first that were read longest ago, and none for another of their own Rdd
   * @throws where it is persisted at another level
   * @example
   * ```ts
   * const squares = ctx.range(1000).map(n => n * n).cache();
   * await squares.sum() // => 332833500
   * await squares.count() // => 1000
   * ```
   */
  cache(): this {
    if (arguments.length > 0)
      throw new FiresteelError("user", `cache takes no storage level, but got ${preview(arguments[0])}`, {
        hint: "persist(level) takes one",
        at: callSite(),
      });
    return this.persist(StorageLevel.MEMORY_ONLY);
  }

  /**
   * Like `cache`, at a level: `StorageLevel.MEMORY_AND_DISK` puts on disk what memory has no room for, `_SER` levels compress, `_2` ones
   * keep a copy on another executor, where there is one: local mode keeps one copy. A persisted Rdd's level cannot be changed before
   * `unpersist`. What is lost with an executor, or was evicted from memory without going to disk, is computed again.
   * @cost narrow: the first job that needs a partition keeps it beside computing it; copies are sent after that
   * @memory by the level; DISK_ONLY holds one batch
   * @throws where it is persisted at another level, or the level is none that keeps rows
   * @example
   * ```ts
   * const words = ctx.parallelize(["b", "a"]).persist(StorageLevel.MEMORY_AND_DISK);
   * words.storageLevel.disk // => true
   * ```
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    const known = Object.values(StorageLevel).find(each => each.name === (level as StorageLevel | null)?.name);
    if (known === undefined) {
      throw new FiresteelError("user", `persist needs a storage level, but got ${preview(level)}`, {
        hint: "give one of StorageLevel, such as StorageLevel.MEMORY_AND_DISK",
        at: callSite(),
      });
    }
    const now = this.plan.storage;
    if (now !== undefined && now.name !== known.name) {
      throw new FiresteelError("user", `this Rdd is already persisted as ${now.name}`, {
        hint: known === StorageLevel.NONE ? "unpersist() frees it" : "call unpersist() first",
        at: callSite(),
      });
    }
    if (known === StorageLevel.NONE) {
      throw new FiresteelError("user", "persist cannot keep an Rdd at StorageLevel.NONE, which keeps nothing", {
        hint: "leave persist() out, or give a level such as StorageLevel.MEMORY_AND_DISK",
        at: callSite(),
      });
    }
    this.plan.storage = known;
    this.driver.persistent.add(this.plan);
    return this;
  }

  /**
   * Frees its kept partitions, in memory and on disk. With `blocking`, waits until all executors have; tasks that read one just then
   * have it until they end. Jobs from now on compute its rows again. Does nothing to an Rdd that is not persisted,
   * and warns of a local checkpoint, whose rows cannot be computed again.
   * @example
   * ```ts
   * const rows = ctx.range(10).cache();
   * await rows.count();
   * await rows.unpersist({ blocking: true });
   * rows.storageLevel.name // => "NONE"
   * ```
   */
  async unpersist(options: { readonly blocking?: boolean } = {}): Promise<void> {
    checkNamed("unpersist", ["blocking"], options, "write unpersist({ blocking: true }) to wait until it is freed");
    checkFlag("unpersist", "true or false for blocking", options.blocking ?? false);
    const { driver, plan } = this;
    if (plan.op === "kept") {
      driver.warnOnce(
        `unpersist of ${plan.operator}, which is checkpointed locally: its rows are gone, and jobs over it fail`,
      );
    }
    delete plan.storage;
    driver.persistent.remove(plan);
    const released = driver.release({ kind: "rdd", id: plan.id }, options.blocking === true);
    if (options.blocking === true) await released;
  }

  /**
   * Has its rows written to the checkpoint directory after the first job from now on that needs it, and its lineage cut: later jobs
   * read the files. Persist it as well, or it is computed once more for that.
   * @cost job: one more, before that action resolves
   * @memory streams: a batch of rows at a time
   * @throws where `ctx.setCheckpointDir` was not called; in that action, when the files cannot be written: nothing is cut then, and
   * the next job tries again
   * @example
   * ```ts
   * ctx.setCheckpointDir("checkpoints");
   * const ranks = ctx.range(5).map(n => n * 10).cache();
   * ranks.checkpoint();
   * await ranks.sum() // => 100
   * ranks.isCheckpointed // => true
   * ```
   */
  checkpoint(): void {
    this.driver.checkpoints.mark(this.plan, "reliable", callSite());
  }

  /**
   * Cuts its lineage after the first job from now on that needs it, without files of its own: executors keep its rows, in memory and on
   * their disks. Quick, and lost with an executor: then jobs over it fail. Returns this Rdd.
   * @cost job: one more, before that action resolves, which computes the partitions that the action did not
   * @memory as persisted, at a level that may use disks
   * @throws in later jobs, when an executor that kept some of its rows is lost: they cannot be computed again
   * @example
   * ```ts
   * const step = ctx.range(5).map(n => n + 1).localCheckpoint();
   * await step.count() // => 5
   * step.isCheckpointed // => true
   * ```
   */
  localCheckpoint(): this {
    const { plan, driver } = this;
    const now = plan.storage ?? StorageLevel.MEMORY_ONLY;
    const name = now.name.replace("MEMORY_ONLY", "MEMORY_AND_DISK") as keyof typeof StorageLevel;
    plan.storage = now.disk ? now : StorageLevel[name];
    driver.persistent.add(plan);
    driver.checkpoints.mark(plan, "local", callSite());
    return this;
  }

  /**
   * Whether its lineage has been cut: its rows are read from files, or from executors.
   * @example
   * ```ts
   * const step = ctx.range(5).map(n => n + 1).localCheckpoint();
   * step.isCheckpointed // => false
   * await step.count() // => 5
   * step.isCheckpointed // => true
   * ```
   */
  get isCheckpointed(): boolean {
    return this.getCheckpointFile() !== undefined || this.plan.op === "kept";
  }

  /**
   * The folder that its rows are read from after `checkpoint()`; undefined without one, and before the job that writes it.
   * @example
   * ```ts
   * ctx.range(3).getCheckpointFile() // => undefined
   * ```
   */
  getCheckpointFile(): string | undefined {
    return this.plan.op === "files" ? this.plan.checkpoint : undefined;
  }
}
