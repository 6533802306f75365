/**
 * What every Rdd has before its operators: a plan, a place in its driver, properties and lifecycle. Subclasses add operators by
 * area (rdd-narrow, rdd-pairs, rdd-ordered, rdd-actions, rdd-numeric); `Rdd` in rdd.ts is the whole. An Rdd holds no rows.
 */
import type { CallSite } from "../closure/contracts.ts";
import { refuseSymbol } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import type { RddId } from "../base/ids.ts";
import { FiresteelError } from "../base/errors.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { partitionerOf } from "../plan/partition-count.ts";
import { StorageLevel } from "../plan/storage-level.ts";
import { explainCode, explainPlan } from "../planner/explain.ts";
import { lineage } from "../planner/lineage.ts";
import type { Driver } from "./driver.ts";
import { knownPartitioner, type KnownPartitioner } from "./partitioner.ts";
import type { Rdd } from "./rdd.ts";

export abstract class RddCore<T> {
  /** Only for typing: an Rdd<Dog> is an Rdd<Animal>. */
  declare readonly row: T;
  /** @internal */
  readonly [refuseSymbol] =
    "an Rdd cannot be used inside a function that runs in tasks: join the two, or collect() and broadcast() the small one";

  /** @internal */
  constructor(
    /** @internal */
    readonly driver: Driver,
    /** @internal */
    readonly plan: Plan,
  ) {}

  /** Unique in its Context. */
  get id(): number {
    return this.plan.id;
  }

  get name(): string | undefined {
    return this.plan.name;
  }

  /** The name that plans, progress and pages show. Returns this Rdd. */
  setName(name: string): this {
    this.plan.name = name;
    return this;
  }

  get numPartitions(): number {
    return this.driver.partitionCount(this.plan);
  }

  /** Known after operators that place rows by key. */
  get partitioner(): KnownPartitioner | undefined {
    return knownPartitioner(partitionerOf(this.plan));
  }

  get storageLevel(): StorageLevel {
    return this.plan.storage ?? StorageLevel.NONE;
  }

  /** Keeps partitions in memory when they are first computed; evicted ones are computed again. */
  cache(): this {
    return this.persist(StorageLevel.MEMORY_ONLY);
  }

  /** Like `cache`, at a level. A persisted Rdd's level cannot be changed before `unpersist`. */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    const now = this.plan.storage;
    if (now !== undefined && now.name !== level.name) {
      throw new FiresteelError("user", `this Rdd is already persisted as ${now.name}`, {
        hint: "call unpersist() first",
        at: callSite(),
      });
    }
    this.plan.storage = level;
    this.driver.persisted(this.plan);
    return this;
  }

  /** Frees cached partitions. `blocking` waits until they are gone. */
  async unpersist(_options: { readonly blocking?: boolean } = {}): Promise<void> {
    delete this.plan.storage;
    this.driver.release({ kind: "rdd", id: this.plan.id });
  }

  /** The lineage as a tree, indented at each shuffle. Spark's toDebugString. */
  toDebugString(): string {
    this.driver.partitionCount(this.plan);
    return lineage(this.plan);
  }

  /**
   * What runs where and why: stages, operators, and for each whether kernels, generated code or JavaScript do the work.
   * `"codegen"` gives the generated code itself, as text to read.
   */
  explain(what?: "codegen"): string {
    this.driver.partitionCount(this.plan);
    return what === "codegen" ? explainCode(this.plan) : explainPlan(this.plan);
  }

  /** @internal */
  protected make<U>(plan: Plan): Rdd<U> {
    return this.driver.makeRdd<U>(plan);
  }

  /** What the nodes of one operator call have in common. @internal */
  protected node(
    operator: string,
    at: CallSite | undefined = callSite(),
  ): { readonly id: RddId; readonly operator: string; readonly at: CallSite | undefined } {
    return { id: this.driver.nextRddId(), operator, at };
  }

  /** @internal */
  protected capture(fn: unknown, operator: string, at: CallSite | undefined, allowAsync = false): PlanFunction {
    return this.driver.capture(fn, operator, at, allowAsync);
  }
}
