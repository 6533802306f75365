/**
 * The plan: one tree of plain data behind every Rdd. A node says what it computes from its parents; `exchange` is the only
 * node at which stages are cut, and `probe` the only one whose result later nodes read as a value. Shared subtrees are
 * shared objects. Nodes are built by `api/`, cut by `planner/`, sent to task threads as they are, and run by `operators/`.
 */
import type { ExchangeId, RddId } from "../base/ids.ts";
import type { SourcePosition } from "../base/errors.ts";
import type { Lambda, NoLambda } from "../expr/ir.ts";
import type { FoldPartitionPlan, PipePlan, RegistersPlan, SamplePlan } from "./narrow-nodes.ts";
import type { StorageLevel } from "./storage-level.ts";

export type { FoldPartitionPlan, PipePlan, RegistersPlan, SamplePlan } from "./narrow-nodes.ts";

/** A user's function, captured: a `ClosureRef` of closure/, opaque here. */
export interface PlanFunction {
  readonly id: string;
  readonly bundle: string;
  readonly captures: Uint8Array;
  readonly text: string;
  readonly at: SourcePosition | undefined;
  /** What it computes, as an expression, or why there is none; absent where nobody looked. */
  readonly lambda?: Lambda | NoLambda;
}

export interface NodeBase {
  readonly id: RddId;
  /** Spark's name of the operator the user called: `reduceByKey`. */
  readonly operator: string;
  readonly at: SourcePosition | undefined;
  /** Set by `setName`, shown in plans and pages. */
  name?: string;
  /** Set by `persist`; read when a job is submitted. */
  storage?: StorageLevel;
}

export type Plan = SourcePlan | NarrowPlan | WidePlan;

// ---- sources

export interface ParallelizePlan extends NodeBase {
  readonly op: "parallelize";
  /** One encoded array of rows a partition (value-codec), or where a task gets it. */
  readonly slices: readonly (Uint8Array | BlobRef)[];
}

/** Bytes that lie with the driver, by their sha256. */
export interface BlobRef {
  readonly hash: string;
  readonly bytes: number;
}

export interface RangePlan extends NodeBase {
  readonly op: "range";
  readonly start: number;
  readonly step: number;
  readonly rows: number;
  readonly partitions: number;
}

/** Files. The scan, a format and its splits, is planned on the driver when the partition count is first needed. */
export interface FilesPlan extends NodeBase {
  readonly op: "files";
  readonly format: "text" | "csv" | "json" | "parquet" | "wholeText" | "wholeBytes" | "records" | "objects";
  /** A comma list as Spark's, or several paths. */
  readonly paths: string | readonly string[];
  readonly minPartitions: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** A `Scan` of sources/; one split a partition. */
  scan?: { readonly format: unknown; readonly splits: readonly unknown[] };
  /** The folder, where it is a checkpoint of what the node was before. */
  readonly checkpoint?: string;
  /** What the keys of a checkpoint obey. */
  readonly partitioner?: PartitionerPlan;
}

/** What executors keep of a plan whose lineage was cut: a local checkpoint. */
export interface KeptPlan extends NodeBase {
  readonly op: "kept";
  readonly partitions: number;
  readonly partitioner?: PartitionerPlan;
}

export type SourcePlan = ParallelizePlan | RangePlan | FilesPlan | KeptPlan;

// ---- narrow: a partition of the result needs one partition of each parent (coalesce: a few)

export interface MapPlan extends NodeBase {
  readonly op:
    "map" | "filter" | "flatMap" | "mapPartitions" | "mapPartitionsWithIndex" | "keyBy" | "mapValues" | "flatMapValues";
  readonly parent: Plan;
  readonly fn: PlanFunction;
}

export interface MapAsyncPlan extends NodeBase {
  readonly op: "mapAsync";
  readonly parent: Plan;
  readonly fn: PlanFunction;
  readonly concurrency: number;
}

/** A function of a whole partition, in tasks that all run at the same time; it may be asynchronous. */
export interface BarrierPlan extends NodeBase {
  readonly op: "barrier";
  readonly parent: Plan;
  readonly fn: PlanFunction;
  /** The partition's number is its first argument. */
  readonly withIndex: boolean;
}

export interface BuiltinPlan extends NodeBase {
  readonly op: "keys" | "values" | "glom";
  readonly parent: Plan;
}

/** Values of the pairs with one key. */
export interface LookupPlan extends NodeBase {
  readonly op: "lookup";
  readonly parent: Plan;
  /** Encoded. */
  readonly key: Uint8Array;
}

export interface ZipWithIndexPlan extends NodeBase {
  readonly op: "zipWithIndex";
  readonly parent: Plan;
  /** Counts of the partitions before each; absent when there is one partition only. */
  readonly counts: ProbePlan | undefined;
}

/** Row k of partition i with the number i + k·n, of n partitions. */
export interface ZipWithUniqueIdPlan extends NodeBase {
  readonly op: "zipWithUniqueId";
  readonly parent: Plan;
  readonly partitions: number;
}

/** Rows side by side; partitions have equally many. */
export interface ZipPlan extends NodeBase {
  readonly op: "zip";
  readonly left: Plan;
  readonly right: Plan;
}

export interface ZipPartitionsPlan extends NodeBase {
  readonly op: "zipPartitions";
  readonly left: Plan;
  readonly right: Plan;
  readonly fn: PlanFunction;
}

/** Each left row with each right row. Partition a · n + b is of the left side's a and the right side's b, of n. */
export interface CartesianPlan extends NodeBase {
  readonly op: "cartesian";
  readonly left: Plan;
  readonly right: Plan;
}

/** Pairs whose keys lie between two, those included. */
export interface FilterByRangePlan extends NodeBase {
  readonly op: "filterByRange";
  readonly parent: Plan;
  /** Encoded. */
  readonly lower: Uint8Array;
  readonly upper: Uint8Array;
  /** What the parent's pairs obey, when it is a range partitioner: says which partitions have none of them. */
  readonly ranges: RangePartitionerPlan | undefined;
}

export interface UnionPlan extends NodeBase {
  readonly op: "union";
  readonly parents: readonly Plan[];
}

export interface CoalescePlan extends NodeBase {
  readonly op: "coalesce";
  readonly parent: Plan;
  /** groups[i] are the parent's partitions that make partition i, in order. */
  readonly groups: readonly (readonly number[])[];
  /** What the keys still obey: the parent is a union of Rdds that all do. */
  readonly partitioner?: PartitionerPlan;
}

export type NarrowPlan =
  | MapPlan
  | MapAsyncPlan
  | BarrierPlan
  | BuiltinPlan
  | LookupPlan
  | ZipWithIndexPlan
  | SamplePlan
  | ZipWithUniqueIdPlan
  | ZipPlan
  | ZipPartitionsPlan
  | CartesianPlan
  | FilterByRangePlan
  | RegistersPlan
  | FoldPartitionPlan
  | PipePlan
  | UnionPlan
  | CoalescePlan;

// ---- wide

/**
 * Decides which partition a key goes to. Two specs that are equal (`samePartitioning`) put equal keys in the same place.
 * - hash: by the value's hash.
 * - range: by bounds that a probe finds; keys above a bound go further.
 * - custom: the user's object.
 * - roundRobin: rows, not keys, from a start that depends on the partition alone.
 */
export type PartitionerPlan =
  | { readonly kind: "hash"; readonly partitions: number }
  | RangePartitionerPlan
  | { readonly kind: "custom"; readonly partitions: number; readonly fn: PlanFunction; readonly identity: number }
  | { readonly kind: "roundRobin"; readonly partitions: number };

export interface RangePartitionerPlan {
  readonly kind: "range";
  readonly partitions: number;
  readonly ascending: boolean;
  readonly probe: ProbePlan;
}

/** How values of one key become one value. `create` undefined: the first value itself. */
export interface CombinePlan {
  readonly create: PlanFunction | undefined;
  /** An encoded zero value; when present, the first value is merged into a fresh copy of it. */
  readonly zero: Uint8Array | undefined;
  readonly mergeValue: PlanFunction;
  readonly mergeCombiners: PlanFunction;
}

/** Rows by key to other partitions. The parent's rows are pairs, or keys alone where `rows` is "keys". */
export interface ExchangePlan extends NodeBase {
  readonly op: "exchange";
  readonly exchange: ExchangeId;
  readonly parent: Plan;
  readonly partitioner: PartitionerPlan;
  readonly rows: "pairs" | "keys";
  /** Combine in the map tasks first. For keys: keep each once. */
  readonly mapSide:
    { readonly kind: "combine"; readonly combine: CombinePlan } | { readonly kind: "distinct" } | undefined;
}

/** Small results of one task per partition of `parent`, gathered on the driver before later stages start. */
export interface ProbePlan extends NodeBase {
  readonly op: "probe";
  readonly exchange: ExchangeId;
  readonly parent: Plan;
  readonly probe:
    /** `withoutLast`: nobody asks how many rows the last partition has, and it is not computed. */
    | { readonly kind: "count"; readonly withoutLast?: boolean }
    /** Pairs of each key of encoded `[key, fraction]` pairs. */
    | { readonly kind: "countKeys"; readonly fractions: Uint8Array }
    /** A sample of keys: of rows' first elements, or of the rows themselves. */
    | {
        readonly kind: "sample";
        readonly key: "pair" | "row";
        readonly partitions: number;
        readonly mapPartitions: number;
      };
}

/** One value a key. `from` says what the parent's pairs hold: raw values, or combiners made by an exchange's map side. */
export interface AggregatePlan extends NodeBase {
  readonly op: "aggregate";
  readonly parent: Plan;
  readonly combine: CombinePlan;
  readonly from: "values" | "combiners";
}

/** All values of a key as an array. */
export interface GroupPlan extends NodeBase {
  readonly op: "group";
  readonly parent: Plan;
}

export interface DistinctPlan extends NodeBase {
  readonly op: "distinct";
  readonly parent: Plan;
}

/** Rows of each partition in key order (of pairs). */
export interface SortPlan extends NodeBase {
  readonly op: "sort";
  readonly parent: Plan;
  readonly ascending: boolean;
}

/** Pairs of values with equal keys; both parents are partitioned alike. Of which sides keys without a partner stay is in `join`. */
export interface JoinPlan extends NodeBase {
  readonly op: "join";
  readonly join: "inner" | "left" | "right" | "full";
  readonly left: Plan;
  readonly right: Plan;
}

/** Rows of the left side whose key is, or is not, a row of the right side; both are partitioned alike. */
export interface SemiJoinPlan extends NodeBase {
  readonly op: "semiJoin";
  readonly keeps: "matched" | "unmatched";
  /** What of a left row is looked for. */
  readonly key: "pair" | "row";
  readonly left: Plan;
  readonly right: Plan;
}

export interface CogroupPlan extends NodeBase {
  readonly op: "cogroup";
  readonly parents: readonly Plan[];
}

export type WidePlan =
  | ExchangePlan
  | ProbePlan
  | AggregatePlan
  | GroupPlan
  | DistinctPlan
  | SortPlan
  | JoinPlan
  | SemiJoinPlan
  | CogroupPlan;

/** The plans a node reads, in order; probes that its partitioner needs come last. */
export function parentsOf(plan: Plan): readonly Plan[] {
  switch (plan.op) {
    case "parallelize":
    case "range":
    case "files":
    case "kept":
      return [];
    case "union":
    case "cogroup":
      return plan.parents;
    case "join":
    case "semiJoin":
    case "zip":
    case "zipPartitions":
    case "cartesian":
      return [plan.left, plan.right];
    case "filterByRange":
      return plan.ranges === undefined ? [plan.parent] : [plan.parent, plan.ranges.probe];
    case "zipWithIndex":
      return plan.counts === undefined ? [plan.parent] : [plan.parent, plan.counts];
    case "sample":
      return "counts" in plan.sample ? [plan.parent, plan.sample.counts] : [plan.parent];
    case "exchange":
      return plan.partitioner.kind === "range" ? [plan.parent, plan.partitioner.probe] : [plan.parent];
    default:
      return [plan.parent];
  }
}

/** The node over other parents, in the order of `parentsOf`; itself where they are its own. */
export function withParents(plan: Plan, parents: readonly Plan[]): Plan {
  if (parentsOf(plan).every((parent, i) => parent === parents[i])) return plan;
  const [first, second] = parents;
  switch (plan.op) {
    case "union":
    case "cogroup":
      return { ...plan, parents };
    case "join":
    case "semiJoin":
    case "zip":
    case "zipPartitions":
    case "cartesian":
      return { ...plan, left: first!, right: second! };
    case "filterByRange":
      return { ...plan, parent: first!, ranges: plan.ranges && { ...plan.ranges, probe: second as ProbePlan } };
    case "zipWithIndex":
      return { ...plan, parent: first!, counts: second as ProbePlan | undefined };
    case "sample":
      return "counts" in plan.sample
        ? { ...plan, parent: first!, sample: { ...plan.sample, counts: second as ProbePlan } }
        : { ...plan, parent: first! };
    case "exchange":
      return plan.partitioner.kind === "range"
        ? { ...plan, parent: first!, partitioner: { ...plan.partitioner, probe: second as ProbePlan } }
        : { ...plan, parent: first! };
    default:
      return { ...plan, parent: first! } as Plan;
  }
}
