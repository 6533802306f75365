/**
 * Folds in several steps: instead of all partitions' results at once, the driver gets those of a few tasks that have folded them
 * before. Neighbours are folded first, so whatever the depth the order is that of the partitions: functions need be associative only.
 */
import { FiresteelError } from "../base/errors.ts";
import { builtin } from "../operators/builtin-functions.ts";
import { preview } from "../operators/row-errors.ts";
import type { Plan, PlanFunction } from "../plan/nodes.ts";
import type { ActionRun } from "./driver.ts";
import { encodeAt } from "./encode-at.ts";
import { foldOnDriver } from "./rdd-actions.ts";
import { RddSampling } from "./rdd-sampling.ts";
import type { ActionOptions, Grown, Hint } from "./widen.ts";

export abstract class RddTree<T> extends RddSampling<T> {
  /**
   * Like `reduce`, but where there are many partitions their results are folded in tasks first, in `depth` steps. An error when there
   * are no rows.
   * @cost job: with a shuffle of one row a partition for each step between
   * @memory what `fn` makes of each partition passes through the shuffle; the driver gets about the depth-th root of their number
   * @throws when `depth` is not a positive integer, or there are no rows
   * @example
   * ```ts
   * await ctx.range(0, 100, 1, 20).treeReduce((a, b) => a + b) // => 4950
   * ```
   */
  async treeReduce(fn: (a: T, b: T) => T, depth = 2, options?: ActionOptions): Promise<T> {
    const run = this.driver.begin("treeReduce", options);
    checkDepth(depth, run);
    const captured = this.capture(fn, run.operator, run.at);
    const plan = this.foldedTree({ seqOp: captured, combOp: captured, zero: undefined }, depth, run);
    const parts = await this.driver.values<[] | [T]>(plan, { kind: "reduce", fn: captured }, run);
    const values = parts.flat() as T[];
    if (values.length > 0) return foldOnDriver(run, values, fn);
    // nothing has run
    if (this.driver.explains) return undefined as T;
    throw new FiresteelError("user", "treeReduce() of an empty Rdd", {
      hint: "check isEmpty() first, or use treeAggregate",
      at: run.at,
    });
  }

  /**
   * Like `aggregate`, but where there are many partitions their results are joined by `combOp` in tasks first, in `depth` steps. The
   * zero value starts each partition and the driver's part, no step between.
   * @cost job: with a shuffle of one row a partition for each step between
   * @memory what is made of each partition passes through the shuffle; the driver gets about the depth-th root of their number
   * @throws when `depth` is not a positive integer, or the zero value cannot be sent
   * @example
   * ```ts
   * const rows = ctx.range(0, 100, 1, 20);
   * await rows.treeAggregate(0, (sum, row) => sum + row, (a, b) => a + b, 3) // => 4950
   * ```
   */
  async treeAggregate<Z extends Hint, U extends Hint = Grown<Z>>(
    zero: Z & NoInfer<U>,
    seqOp: (acc: U, row: T) => U,
    combOp: (a: U, b: U) => U,
    depth = 2,
    options?: ActionOptions,
  ): Promise<NoInfer<U>> {
    const run = this.driver.begin("treeAggregate", options);
    checkDepth(depth, run);
    const encoded = encodeAt(zero, "the zero value", run.at);
    const functions = {
      seqOp: this.capture(seqOp, run.operator, run.at),
      combOp: this.capture(combOp, run.operator, run.at),
      zero: encoded,
    };
    const plan = this.foldedTree(functions, depth, run);
    const action =
      plan === this.plan
        ? ({ kind: "aggregate", zero: encoded, fn: functions.seqOp } as const)
        : ({ kind: "reduce", fn: functions.combOp } as const);
    const parts = await this.driver.values<unknown>(plan, action, run);
    const values = (plan === this.plan ? parts : parts.flat()) as U[];
    return foldOnDriver(run, [this.driver.decode<U>(encoded), ...values], combOp);
  }

  /** Results of partitions, folded until there are few; this Rdd's rows where they are few already. */
  private foldedTree({ seqOp, combOp, zero }: TreeFunctions, depth: number, run: ActionRun): Plan {
    let plan = this.plan;
    const sizes = treeSizes(this.numPartitions, depth);
    for (const [level, groups] of sizes.entries()) {
      const fold = level === 0 ? { fn: seqOp, zero } : { fn: combOp, zero: undefined };
      const folded: Plan = { ...this.node(run.operator, run.at), op: "foldPartition", parent: plan, groups, ...fold };
      const partitioner = { kind: "custom", partitions: groups, fn: builtin("itself"), identity: inOrder } as const;
      const moved = this.driver.partitioning.exchange(folded, partitioner, "pairs", undefined, run);
      plan = { ...this.node(run.operator, run.at), op: "values", parent: moved };
    }
    return plan;
  }
}

interface TreeFunctions {
  readonly seqOp: PlanFunction;
  readonly combOp: PlanFunction;
  readonly zero: Uint8Array | undefined;
}

/** No user's partitioner. */
const inOrder = -1;

/** How many partitions there are after each step, by Spark's rule: no step that would not save waiting. @internal */
export function treeSizes(partitions: number, depth: number): number[] {
  const scale = Math.max(2, Math.ceil(partitions ** (1 / depth)));
  const sizes: number[] = [];
  for (let left = partitions; left > scale + Math.ceil(left / scale);) {
    left = Math.floor(left / scale);
    sizes.push(left);
  }
  return sizes;
}

function checkDepth(depth: unknown, { operator, at }: ActionRun): void {
  if (Number.isSafeInteger(depth) && (depth as number) >= 1) return;
  throw new FiresteelError("user", `${operator} needs a depth that is a positive integer, but got ${preview(depth)}`, {
    hint: "2 is the default; 1 folds all results on the driver",
    at,
  });
}
