/** What a Context says about jobs: their properties, groups, tags and pools, their cancellation, and what runs now. */
import { FiresteelError } from "../base/errors.ts";
import type { JobId, StageId } from "../base/ids.ts";
import type { CallSite } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "../operators/row-errors.ts";
import { defaultShare } from "../schedule/pools.ts";
import { ContextSources } from "./context-sources.ts";
import { jobGroupKey } from "./driver.ts";
import { checkId, checkOptionalText, checkText } from "./plain-arguments.ts";
import { StatusTracker } from "./status-tracker.ts";

/** A pool of FAIR scheduling. */
export interface PoolInfo {
  readonly name: string;
  readonly weight: number;
  readonly minShare: number;
  /** Among the pool's own jobs. */
  readonly schedulingMode: "FIFO" | "FAIR";
  readonly numRunningTasks: number;
}

const activeJobs = "statusTracker().getActiveJobIds() gives those of running jobs";
const activeStages = "statusTracker().getActiveStageIds() gives those of running stages";
const cancelledBecause = "text as its reason";

const descriptionKey = "firesteel.job.description";
const tagsKey = "firesteel.job.tags";

export abstract class ContextJobs extends ContextSources {
  /**
   * A setting of jobs whose actions are called from now on, seen by their tasks as `taskContext().localProperty(key)`; null removes
   * it. `firesteel.scheduler.pool` chooses the pool of FAIR scheduling. All code shares one set, since JavaScript has one thread: flows
   * that run side by side use `withLocalProperties`.
   * @example
   * ```ts
   * ctx.setLocalProperty("firesteel.scheduler.pool", "production");
   * ctx.getLocalProperty("firesteel.scheduler.pool") // => "production"
   * ```
   */
  setLocalProperty(key: string, value: string | null): void {
    this.driver.localProperties.set(key, value);
  }

  /**
   * What `setLocalProperty` set, or undefined.
   * @example
   * ```ts
   * ctx.setLocalProperty("tenant", "blue");
   * ctx.getLocalProperty("tenant") // => "blue"
   * ```
   */
  getLocalProperty(key: string): string | undefined {
    checkText("getLocalProperty", "a property's name", key);
    return this.driver.localProperties.get(key);
  }

  /**
   * Runs `body` with properties of its own: those of now, changed by `properties` (null removes one). They hold for what it awaits, and
   * what it sets there, groups and tags too, nobody else sees.
   * @example
   * ```ts
   * const inPool = (pool: string) =>
   *   ctx.withLocalProperties({ "firesteel.scheduler.pool": pool }, () => ctx.range(10).count());
   * await Promise.all([inPool("production"), inPool("research")]) // => [10, 10]
   * ```
   */
  withLocalProperties<R>(properties: Readonly<Record<string, string | null>>, body: () => R): R {
    return this.driver.localProperties.within(properties, body);
  }

  /**
   * Jobs started from now on belong to the group, so that they can be cancelled together. Cancelled tasks are always stopped at
   * once: there is no `interruptOnCancel` to choose.
   * @example
   * ```ts
   * ctx.setJobGroup("nightly", "rebuilds the index");
   * await ctx.range(10).count();
   * ctx.statusTracker().getJobIdsForGroup("nightly").length // => 1
   * ```
   */
  setJobGroup(group: string, description?: string): void {
    checkText("setJobGroup", "a group's name", group, "clearJobGroup() takes jobs out of their group");
    checkOptionalText("setJobGroup", "text as the group's description", description, "leave it out for none");
    this.setLocalProperty(jobGroupKey, group);
    this.setJobDescription(description ?? null);
  }

  /**
   * Jobs started from now on belong to no group and have no description.
   * @example
   * ```ts
   * ctx.setJobGroup("nightly");
   * ctx.clearJobGroup();
   * ctx.getLocalProperty("firesteel.jobGroup.id") // => undefined
   * ```
   */
  clearJobGroup(): void {
    this.setLocalProperty(jobGroupKey, null);
    this.setJobDescription(null);
  }

  /**
   * What pages say of jobs started from now on; null for nothing.
   * @example
   * ```ts
   * ctx.setJobDescription("nightly totals");
   * await ctx.range(10).sum() // => 45
   * ```
   */
  setJobDescription(description: string | null): void {
    if (description !== null) checkText("setJobDescription", "a text", description, "null takes the description away");
    this.setLocalProperty(descriptionKey, description);
  }

  /**
   * Jobs started from now on have the tag, beside those they have.
   * @throws a tag that is empty or has a comma
   * @example
   * ```ts
   * ctx.addJobTag("reports");
   * ctx.getJobTags() // => ["reports"]
   * ```
   */
  addJobTag(tag: string): void {
    checkTag(tag, callSite());
    this.setTags([...new Set([...this.getJobTags(), tag])]);
  }

  /**
   * Jobs started from now on do not have the tag.
   * @throws a tag that is empty or has a comma
   * @example
   * ```ts
   * for (const tag of ["reports", "slow"]) ctx.addJobTag(tag);
   * ctx.removeJobTag("slow");
   * ctx.getJobTags() // => ["reports"]
   * ```
   */
  removeJobTag(tag: string): void {
    checkTag(tag, callSite());
    this.setTags(this.getJobTags().filter(each => each !== tag));
  }

  /**
   * Tags of jobs that are started now.
   * @example
   * ```ts
   * ctx.addJobTag("reports");
   * ctx.getJobTags() // => ["reports"]
   * ```
   */
  getJobTags(): string[] {
    return tagsOf(this.getLocalProperty(tagsKey));
  }

  /**
   * Jobs started from now on have no tags.
   * @example
   * ```ts
   * ctx.addJobTag("reports");
   * ctx.clearJobTags();
   * ctx.getJobTags() // => []
   * ```
   */
  clearJobTags(): void {
    this.setTags([]);
  }

  /**
   * Cancels the jobs that have the tag; their actions reject with kind "cancelled".
   * @throws a tag that is empty or has a comma
   * @example
   * ```ts
   * ctx.addJobTag("slow");
   * const count = ctx.range(1e12).filter(n => n < 0).count().catch(error => error.kind);
   * ctx.cancelJobsWithTag("slow");
   * await count // => "cancelled"
   * ```
   */
  cancelJobsWithTag(tag: string, reason = `cancelJobsWithTag("${tag}")`): void {
    checkTag(tag, callSite());
    checkText("cancelJobsWithTag", cancelledBecause, reason);
    this.driver.cancelWhere(properties => tagsOf(properties[tagsKey]).includes(tag), reason);
  }

  /**
   * Cancels the jobs of a group, those about to be submitted too; their actions reject with kind "cancelled".
   * @example
   * ```ts
   * ctx.setJobGroup("searches");
   * const count = ctx.range(1e12).filter(n => n < 0).count().catch(error => error.kind);
   * ctx.cancelJobGroup("searches");
   * await count // => "cancelled"
   * ```
   */
  cancelJobGroup(group: string, reason = `cancelJobGroup("${group}")`): void {
    checkText("cancelJobGroup", "a group's name", group, "cancelAllJobs() cancels jobs of all groups and of none");
    checkText("cancelJobGroup", cancelledBecause, reason);
    this.driver.cancel(group, reason);
  }

  /**
   * Cancels all jobs, those about to be submitted too; their actions reject with kind "cancelled".
   * @example
   * ```ts
   * const count = ctx.range(1e12).filter(n => n < 0).count().catch(error => error.kind);
   * ctx.cancelAllJobs();
   * await count // => "cancelled"
   * ```
   */
  cancelAllJobs(): void {
    this.driver.cancel(undefined, "cancelAllJobs()");
  }

  /**
   * Cancels one job, by the id that events, pages and `statusTracker` show. Unknown and ended ids are ignored.
   * @example
   * ```ts
   * const count = ctx.range(1e12).filter(n => n < 0).count().catch(error => error.kind);
   * while (ctx.statusTracker().getActiveJobIds().length === 0) await new Promise(resolve => setTimeout(resolve, 5));
   * ctx.cancelJob(ctx.statusTracker().getActiveJobIds()[0]!);
   * await count // => "cancelled"
   * ```
   */
  cancelJob(jobId: number, reason = `cancelJob(${jobId})`): void {
    checkId("cancelJob", "a job's id", jobId, activeJobs);
    checkText("cancelJob", cancelledBecause, reason);
    this.driver.cancelJob(jobId as JobId, reason);
  }

  /**
   * Cancels every job that needs the stage: `taskContext().stageId` in its tasks.
   * @example
   * ```ts
   * const count = ctx.range(1e12).filter(n => n < 0).count().catch(error => error.kind);
   * while (ctx.statusTracker().getActiveStageIds().length === 0) await new Promise(resolve => setTimeout(resolve, 5));
   * ctx.cancelStage(ctx.statusTracker().getActiveStageIds()[0]!);
   * await count // => "cancelled"
   * ```
   */
  cancelStage(stageId: number, reason = `cancelStage(${stageId})`): void {
    checkId("cancelStage", "a stage's id", stageId, activeStages);
    checkText("cancelStage", cancelledBecause, reason);
    this.driver.cancelStage(stageId as StageId, reason);
  }

  /**
   * What runs now: jobs, stages and executors.
   * @example
   * ```ts
   * await ctx.range(10).count();
   * ctx.statusTracker().getActiveJobIds() // => []
   * ```
   */
  statusTracker(): StatusTracker {
    return new StatusTracker(this.driver.status, this.driver.config.master.kind === "local");
  }

  /**
   * How running jobs share cores: `firesteel.scheduler.mode`.
   * @example
   * ```ts
   * ctx.getSchedulingMode() // => "FIFO"
   * ```
   */
  getSchedulingMode(): "FIFO" | "FAIR" {
    return this.driver.pools.mode === "fair" ? "FAIR" : "FIFO";
  }

  /**
   * The pools of FAIR scheduling: those described, and those that jobs have named since; with FIFO the one that all jobs share.
   * @example
   * ```ts
   * ctx.getAllPools().map(pool => pool.name) // => ["default"]
   * ```
   */
  getAllPools(): PoolInfo[] {
    const { pools, status } = this.driver;
    if (pools.mode === "fifo") return [this.poolInfo("default")];
    const names = new Set(["default", ...(pools.shares?.keys() ?? [])]);
    for (const { pool } of status.jobs.values()) names.add(pool);
    return [...names].map(name => this.poolInfo(name));
  }

  /**
   * A pool of FAIR scheduling by its name; undefined when it is neither described nor named by a job.
   * @example
   * ```ts
   * ctx.getPoolForName("default")?.weight // => 1
   * ```
   */
  getPoolForName(name: string): PoolInfo | undefined {
    checkText("getPoolForName", "a pool's name", name);
    return this.getAllPools().find(pool => pool.name === name);
  }

  private poolInfo(name: string): PoolInfo {
    const { pools, status } = this.driver;
    const { weight, minShare, mode } = pools.shares?.get(name) ?? defaultShare;
    let numRunningTasks = 0;
    for (const stage of status.stages.values())
      if (stage.pool === name || pools.mode === "fifo") numRunningTasks += stage.tasksRunning;
    return { name, weight, minShare, schedulingMode: mode === "fair" ? "FAIR" : "FIFO", numRunningTasks };
  }

  private setTags(tags: readonly string[]): void {
    this.setLocalProperty(tagsKey, tags.length === 0 ? null : tags.join(","));
  }
}

function tagsOf(property: string | undefined): string[] {
  return property === undefined ? [] : property.split(",");
}

function checkTag(tag: string, at: CallSite | undefined): void {
  if (typeof tag === "string" && tag !== "" && !tag.includes(",")) return;
  throw new FiresteelError("user", `${preview(tag)} is no tag of a job: a tag is text without commas`, { at });
}
