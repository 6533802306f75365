/**
 * What every Rdd has before its operators: a plan, a place in its driver, properties and lifecycle. Subclasses add operators by
 * area (rdd-narrow, rdd-pairs, rdd-ordered, rdd-actions, rdd-numeric); `Rdd` in rdd.ts is the whole. An Rdd holds no rows.
 */
import type { CallSite } from "../closure/contracts.ts";
import { refuseSymbol } from "../closure/contracts.ts";
import { callSite } from "../closure/stack.ts";
import { FiresteelError, formatPosition } from "../base/errors.ts";
import { inspected } from "../base/inspected.ts";
import type { RddId } from "../base/ids.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import { preview } from "../operators/row-errors.ts";
import { partitionerOf } from "../plan/partition-count.ts";
import { explainCode, explainPlan } from "../planner/explain.ts";
import { lineage } from "../planner/lineage.ts";
import type { Driver } from "./driver.ts";
import { knownPartitioner, type KnownPartitioner } from "./partitioner.ts";
import { checkText } from "./plain-arguments.ts";
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

  /** Who forgets the action sees what this is, not all that the driver holds. @internal */
  [inspected](): string {
    return `${this.toString()} (a plan; await collect() for its rows)`;
  }

  /** `for … of`, `[...rdd]` and `Array.from` would need rows that are not here yet. @internal */
  [Symbol.iterator](): never {
    throw new FiresteelError("user", `${this.toString()} holds no rows that could be read at once`, {
      hint: "for await (const row of rdd), or await rdd.collect()",
      at: callSite(),
    });
  }

  /**
   * What it is, in a text: its name, id and operator, and where that was called. Rows are what actions give.
   * @example
   * ```ts
   * `${ctx.range(3).setName("three")}`.startsWith("three Rdd[") // => true
   * ```
   */
  toString(): string {
    const { id, name, operator, at } = this.plan;
    const place = at === undefined ? "" : ` at ${formatPosition(at)}`;
    return `${name === undefined ? "" : `${name} `}Rdd[${id}] at ${operator}${place}`;
  }

  /**
   * Refuses, since JSON of a plan would pass for JSON of its rows.
   * @throws always: `JSON.stringify(await rdd.collect())` is meant
   * @example
   * ```ts
   * JSON.stringify(await ctx.range(3).collect()) // => "[0,1,2]"
   * ```
   */
  toJSON(): never {
    throw new FiresteelError("user", `${this.toString()} cannot be JSON: it is a plan and holds no rows`, {
      hint: "await its rows first, with collect() or another action",
      at: callSite(),
    });
  }

  /**
   * Unique in its Context: what `getPersistentRdds` has it by, and plans show in brackets.
   * @example
   * ```ts
   * const rows = ctx.range(3).cache();
   * ctx.getPersistentRdds().has(rows.id) // => true
   * ```
   */
  get id(): number {
    return this.plan.id;
  }

  /**
   * What `setName` set; undefined before.
   * @example
   * ```ts
   * ctx.range(3).name // => undefined
   * ```
   */
  get name(): string | undefined {
    return this.plan.name;
  }

  /**
   * Sets the name that plans, progress and pages show. Returns this Rdd.
   * @example
   * ```ts
   * ctx.range(3).setName("three").name // => "three"
   * ```
   */
  setName(name: string): this {
    checkText("setName", "a text", name);
    this.plan.name = name;
    return this;
  }

  /**
   * How many partitions it has. Files below are listed for it.
   * @example
   * ```ts
   * ctx.range(0, 9, 1, 3).numPartitions // => 3
   * ```
   */
  get numPartitions(): number {
    return this.driver.partitionCount(this.plan);
  }

  /**
   * How keys are placed, where it is known: after operators that place rows by key, and those that leave keys where they are.
   * @example
   * ```ts
   * const pairs = ctx.parallelize([["a", 1]]).partitionBy(2);
   * pairs.mapValues(n => n + 1).partitioner // => { kind: "hash", numPartitions: 2 }
   * pairs.map(pair => pair).partitioner // => undefined
   * ```
   */
  get partitioner(): KnownPartitioner | undefined {
    return knownPartitioner(partitionerOf(this.plan));
  }

  /**
   * The lineage as a tree, indented at each shuffle, with partitions, storage levels and the lines of the calls.
   * @example
   * ```ts
   * const pairs = ctx.range(4).map(n => [n, 1]).partitionBy(2);
   * pairs.toDebugString().split("\n").length // => 3
   * ```
   */
  toDebugString(): string {
    this.driver.partitionCount(this.plan);
    return lineage(this.plan);
  }

  /**
   * What runs where and why: stages, operators, and for each whether kernels, generated code or JavaScript do the work. `"codegen"`
   * gives the generated code itself, as text to read.
   * @example
   * ```ts
   * ctx.range(3).map(n => n + 1).explain().includes("map") // => true
   * ```
   */
  explain(what?: "codegen"): string {
    if (what !== undefined && what !== "codegen")
      throw new FiresteelError("user", `explain needs "codegen" or nothing, but got ${preview(what)}`, {
        hint: 'explain() tells stages and operators, explain("codegen") the generated code',
        at: callSite(),
      });
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
