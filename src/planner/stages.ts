/**
 * Cuts a plan into stages at its exchanges and probes, parents before children. A stage's tasks compute the plan below its
 * output down to the exchanges it reads. Pure; the same plan gives the same stages.
 */
import type { ExchangeId, RddId } from "../base/ids.ts";
import { formatPosition, type SourcePosition } from "../base/errors.ts";
import type { Action } from "../plan/action.ts";
import { type ExchangePlan, parentsOf, type Plan, type ProbePlan, withParents } from "../plan/nodes.ts";
import { isBarrier } from "./barrier-stages.ts";
import { partitionCount } from "../plan/partition-count.ts";

export type StagePlan =
  | {
      readonly kind: "exchange";
      readonly root: ExchangePlan;
      readonly reads: readonly ExchangeId[];
      readonly partitions: number;
      readonly name: string;
      readonly barrier?: boolean;
    }
  | {
      readonly kind: "probe";
      readonly root: ProbePlan;
      readonly reads: readonly ExchangeId[];
      readonly partitions: number;
      readonly name: string;
      readonly barrier?: boolean;
    }
  | {
      readonly kind: "result";
      readonly root: Plan;
      readonly action: Action;
      readonly reads: readonly ExchangeId[];
      readonly partitions: number;
      readonly name: string;
      readonly call: ActionCall;
      readonly barrier?: boolean;
    };

/** An action where the user called it. */
export interface ActionCall {
  readonly operator: string;
  readonly at: SourcePosition | undefined;
}

export function cutStages(root: Plan, action: Action, call: ActionCall): StagePlan[] {
  const stages: StagePlan[] = [];
  const cut = new Set<ExchangeId>();
  const within = new Cutter();
  const cutAt = (output: ExchangePlan | ProbePlan) => {
    if (cut.has(output.exchange)) return;
    cut.add(output.exchange);
    const reads = outputsReadBy(parentsOf(output));
    for (const read of reads) cutAt(read);
    const common = {
      reads: reads.map(read => read.exchange),
      partitions: partitionCount(output.parent),
      name: callText(output),
      ...(isBarrier(output.parent) && { barrier: true }),
    };
    const own = within.output(output);
    stages.push(
      own.op === "exchange" ? { kind: "exchange", root: own, ...common } : { kind: "probe", root: own, ...common },
    );
  };
  const reads = outputsReadBy([root]);
  for (const read of reads) cutAt(read);
  stages.push({
    kind: "result",
    root: within.stage(root),
    action,
    reads: reads.map(read => read.exchange),
    partitions: partitionCount(root),
    name: callText(call),
    call,
    ...(isBarrier(root) && { barrier: true }),
  });
  return stages;
}

/** How many of its partitions, from the first, a stage computes. Of a result stage: at most. */
export function taskCount(stage: StagePlan): number {
  const { probe } = stage.root as Partial<ProbePlan>;
  return probe?.kind === "count" && probe.withoutLast === true ? stage.partitions - 1 : stage.partitions;
}

/** What lies below the outputs that a stage reads: not sent with it, or a long lineage would be sent with every stage. */
const elsewhere: Plan = { id: -1 as RddId, operator: "parallelize", at: undefined, op: "parallelize", slices: [] };

/** Plans without what lies below exchanges and probes. Shared subtrees stay shared. */
class Cutter {
  private readonly done = new Map<Plan, Plan>();

  /** An output with the plan that its tasks compute. */
  output<P extends ExchangePlan | ProbePlan>(plan: P): P {
    return withParents(
      plan,
      parentsOf(plan).map(parent => this.stage(parent)),
    ) as P;
  }

  stage(plan: Plan): Plan {
    let result = this.done.get(plan);
    if (result === undefined) this.done.set(plan, (result = this.cut(plan)));
    return result;
  }

  private cut(plan: Plan): Plan {
    if (plan.op === "probe") return { ...plan, parent: elsewhere };
    if (plan.op === "exchange")
      return withParents(
        plan,
        parentsOf(plan).map(parent => (parent.op === "probe" ? this.stage(parent) : elsewhere)),
      );
    const own = withParents(
      plan,
      parentsOf(plan).map(parent => this.stage(parent)),
    );
    if (own.op !== "coalesce" || own.partitioner === undefined) return own;
    const { partitioner: _, ...rest } = own;
    return rest;
  }
}

/** The exchanges and probes that are met first on the way down. */
export function outputsReadBy(plans: readonly Plan[]): (ExchangePlan | ProbePlan)[] {
  const found = new Map<ExchangeId, ExchangePlan | ProbePlan>();
  const seen = new Set<Plan>();
  const visit = (plan: Plan) => {
    if (seen.has(plan)) return;
    seen.add(plan);
    if (plan.op === "exchange" || plan.op === "probe") found.set(plan.exchange, plan);
    else for (const parent of parentsOf(plan)) visit(parent);
  };
  for (const plan of plans) visit(plan);
  return [...found.values()];
}

/** `map at job.ts:4:6`. */
export function callText({ operator, at }: ActionCall): string {
  return at === undefined ? operator : `${operator} at ${formatPosition(at)}`;
}
