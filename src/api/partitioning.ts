/**
 * How rows are placed: what an operator's optional partitioner means, and the plan nodes that move rows or look at them first.
 * Every such node is made here, so that its output is freed when nothing refers to the node any more.
 */
import { FiresteelError } from "../base/errors.ts";
import { type ExchangeId, idSequence } from "../base/ids.ts";
import { captureMethod } from "../closure/capture.ts";
import type { CallSite } from "../closure/contracts.ts";
import type { ExchangePlan, PartitionerPlan, Plan, ProbePlan } from "../plan/nodes.ts";
import { partitionerOf, samePartitioning } from "../plan/partition-count.ts";
import { hashPartition } from "../exec/collected-rows.ts";
import type { Driver } from "./driver.ts";
import {
  checkPartitions,
  HashPartitioner,
  type Partitioner,
  type PartitionerLike,
  RangePartitioner,
} from "./partitioner.ts";

/** An operator call that asks for a partitioner. */
export interface Call {
  readonly operator: string;
  readonly at: CallSite | undefined;
}

export class Partitioning {
  private readonly nextExchange = idSequence<ExchangeId>();
  private readonly nextIdentity = idSequence();
  private readonly identities = new WeakMap<object, number>();
  private readonly customs = new Map<number, WeakRef<Partitioner<never>>>();
  /** A range partitioner's bounds come from the first Rdd that it is used on; later uses agree with them. */
  private readonly ranges = new WeakMap<RangePartitioner, PartitionerPlan>();
  private readonly unreferenced: FinalizationRegistry<ExchangeId>;

  constructor(private readonly driver: Driver) {
    this.unreferenced = new FinalizationRegistry(id => driver.release({ kind: "exchange", id }));
  }

  /** Nothing given: the parents' largest known partitioner unless another parent is ten times as large, else by hash. Spark's rules. */
  choose(
    given: PartitionerLike<never> | undefined,
    parents: readonly Plan[],
    call: Call,
    key: "pair" | "row" = "pair",
  ): PartitionerPlan {
    if (given === undefined) return this.byDefault(parents, key);
    if (typeof given !== "object" || given instanceof HashPartitioner) return hashInto(given, call);
    if (given instanceof RangePartitioner) {
      let plan = this.ranges.get(given);
      if (plan === undefined)
        this.ranges.set(given, (plan = this.range(parents[0]!, given.numPartitions, given.ascending, call, key)));
      return plan;
    }
    return this.custom(given, call);
  }

  /** Ranges of keys of about equal size, from a sample that is taken inside the job. */
  range(
    parent: Plan,
    partitions: number,
    ascending: boolean,
    call: Call,
    key: "pair" | "row" = "pair",
  ): PartitionerPlan {
    const mapPartitions = this.driver.partitionCount(parent);
    return {
      kind: "range",
      partitions,
      ascending,
      probe: this.probe(parent, { kind: "sample", key, partitions, mapPartitions }, call),
    };
  }

  exchange(
    parent: Plan,
    partitioner: PartitionerPlan,
    rows: ExchangePlan["rows"],
    mapSide: ExchangePlan["mapSide"],
    call: Call,
  ): ExchangePlan {
    const plan: ExchangePlan = {
      ...this.node(call),
      op: "exchange",
      exchange: this.nextExchange(),
      parent,
      partitioner,
      rows,
      mapSide,
    };
    this.unreferenced.register(plan, plan.exchange);
    return plan;
  }

  probe(parent: Plan, probe: ProbePlan["probe"], call: Call): ProbePlan {
    const plan: ProbePlan = { ...this.node(call), op: "probe", exchange: this.nextExchange(), parent, probe };
    this.unreferenced.register(plan, plan.exchange);
    return plan;
  }

  /** The partition that a key's pairs are in; undefined where the driver cannot tell. */
  partitionOf(key: unknown, plan: Plan): number | undefined {
    const known = partitionerOf(plan);
    if (known?.kind === "hash") return hashPartition(key, known.partitions);
    const custom = known?.kind === "custom" ? this.customs.get(known.identity)?.deref() : undefined;
    try {
      const partition = custom?.partition(key as never);
      return Number.isInteger(partition) && partition! >= 0 && partition! < known!.partitions ? partition : undefined;
    } catch {
      // the job says what is wrong with it
      return undefined;
    }
  }

  /** A plan's pairs with keys placed by `partitioner`: the plan itself when they are so already. */
  placed(plan: Plan, partitioner: PartitionerPlan, call: Call): Plan {
    return obeys(plan, partitioner) ? plan : this.exchange(plan, partitioner, "pairs", undefined, call);
  }

  private byDefault(parents: readonly Plan[], key: "pair" | "row"): PartitionerPlan {
    const { config } = this.driver;
    const most = Math.max(1, ...parents.map(parent => this.driver.partitionCount(parent)));
    const wanted = config.isSet("firesteel.default.parallelism") ? config.get("firesteel.default.parallelism") : most;
    // what is known is of keys, not of whole rows
    const known = key === "row" ? [] : parents.map(partitionerOf).filter(plan => plan !== undefined);
    const largest = known.toSorted((a, b) => b.partitions - a.partitions)[0];
    if (largest !== undefined && (most < largest.partitions * 10 || wanted <= largest.partitions)) return largest;
    return { kind: "hash", partitions: wanted };
  }

  private custom(given: Partitioner<never>, call: Call): PartitionerPlan {
    if (given === null || typeof given.partition !== "function") {
      throw new FiresteelError("user", `${call.operator} needs a number of partitions or a partitioner`, {
        hint: "give new HashPartitioner(n), or { numPartitions, partition(key) }",
        at: call.at,
      });
    }
    checkPartitions(given.numPartitions, call.operator, call.at);
    let identity = this.identities.get(given);
    if (identity === undefined) {
      identity = this.nextIdentity();
      this.identities.set(given, identity);
      this.customs.set(identity, new WeakRef(given));
    }
    const fn = captureMethod(given, "partition", { ...call, warn: message => this.driver.warnOnce(message) });
    return { kind: "custom", partitions: given.numPartitions, fn, identity };
  }

  private node({ operator, at }: Call) {
    return { id: this.driver.nextRddId(), operator, at };
  }
}

/** Whether the keys of a plan's pairs are known to be where the partitioner puts them. */
export function obeys(plan: Plan, partitioner: PartitionerPlan): boolean {
  const known = partitionerOf(plan);
  return known !== undefined && samePartitioning(known, partitioner);
}

function hashInto(given: number | HashPartitioner, call: Call): PartitionerPlan {
  const partitions = typeof given === "object" ? given.numPartitions : given;
  checkPartitions(partitions, call.operator, call.at);
  return { kind: "hash", partitions };
}
