/** The pages of the reference: which areas of the surface stand on each, how it opens, and the types that it describes. */
import type { Area } from "../surface/surface.ts";

export interface Page {
  readonly file: string;
  readonly title: string;
  /** How to read it, and what holds for all on it. */
  readonly opening: string;
  readonly areas: readonly Area[];
  /** Exported types that stand at its end. */
  readonly types: readonly string[];
}

const reading =
  'Each entry gives an operation\'s signature without the types that only help inference, what it does, what it costs and holds in memory, how it refuses misuse, and an example that the tests run; what an example names comes from `"firesteel"`, and `ctx` is its Context.';

export const pages: readonly Page[] = [
  {
    file: "context.md",
    title: "Context",
    opening: `${reading}

A Context is one application: it makes Rdds and shared variables, and holds the settings of jobs. \`firesteel run\` gives one to the job's default export; a script makes its own with \`Context.create\`. One is active in a process at a time.`,
    areas: ["context"],
    types: [
      ...["ContextOptions", "PoolInfo", "JobInfo", "StageInfo", "ExecutorInfo", "LogLevel"],
      ...["FiresteelError", "ErrorKind", "SourcePosition"],
    ],
  },
  {
    file: "sources-and-sinks.md",
    title: "Sources and sinks",
    opening: `${reading}

Paths are one path, an array of them, or Spark's comma list; directories and globs are resolved on the driver when the Rdd's partitions are first needed, \`\\\` escapes. Files whose names begin with \`_\` or \`.\` are passed over in directories and by globs. A path may begin with \`s3:\`, \`hdfs:\`, \`webhdfs:\`, \`http:\` or \`https:\` (which can only be read); others are of the local file system, and on a cluster every node must see them at the same place.`,
    areas: ["sources"],
    types: [
      ...["PathSpec", "TextOptions", "CsvOptions", "CsvType", "JsonType", "JsonOptions", "MalformedMode"],
      ...["ParquetOptions", "SaveTextOptions", "OutputCodec"],
    ],
  },
  {
    file: "transformations.md",
    title: "Transformations",
    opening: `${reading}

A transformation gives a new Rdd at once and computes nothing. *Narrow* ones read few partitions of their parent and run fused, row by row, in one task; a *shuffle* sends rows to other tasks and begins a stage. Functions get the row alone, may use local variables, imports and packages, and are checked when the operator is called.`,
    areas: ["transformations"],
    types: ["PipeOptions", "BarrierRows"],
  },
  {
    file: "actions.md",
    title: "Actions",
    opening: `${reading}

An action runs a job and gives a Promise. All take \`{ signal }\` last and reject with \`FiresteelError\`. What tasks give is folded on the driver in the order of partitions, so an answer does not depend on which task ended first.`,
    areas: ["actions"],
    types: ["ActionOptions", "Estimate"],
  },
  {
    file: "pairs.md",
    title: "Pairs",
    opening: `${reading}

A pair is a tuple \`[key, value]\`; operators on pairs exist on \`Rdd<[K, V]>\` alone. Keys are equal by value, deep: NaN equals NaN, −0 equals 0, 1 and 1n differ. Groups leave in the order of their keys' hashes, which is the same in every run; values of a key keep the order of partitions and rows. A number of partitions, or a [partitioner](partitioners.md), may be given last; an Rdd whose partitioner is the same already is not shuffled again. Without one it is the largest known partitioner of the parents (unless another parent has ten times as many partitions), else the hash of the key into \`firesteel.default.parallelism\` partitions where that is set, else into as many as the parent with most has.`,
    areas: ["pairs"],
    types: ["Pair"],
  },
  {
    file: "ordered.md",
    title: "Ordered",
    opening: `${reading}

The order of values is total: undefined, null, booleans, numbers (−0 equals 0, NaN last), bigints, strings by code point, Dates, byte and typed arrays, arrays and tuples element by element, then Sets, Maps and objects by their sorted entries. Sorts are stable.`,
    areas: ["ordered"],
    types: [],
  },
  {
    file: "numeric.md",
    title: "Numeric",
    opening: `${reading}

These exist on \`Rdd<number>\` alone. What is added up in which order is fixed by the plan, so that all bits of an answer are the same in every run.`,
    areas: ["numeric"],
    types: ["Stats"],
  },
  {
    file: "lifecycle.md",
    title: "Lifecycle and storage levels",
    opening: `${reading}

An Rdd holds no rows: it is a plan. What is kept of it, and where, is said by its storage level. An Rdd that nothing refers to any more frees its blocks and shuffle files.`,
    areas: ["lifecycle"],
    types: ["StorageLevel"],
  },
  {
    file: "partitioners.md",
    title: "Partitioners",
    opening: `${reading}

A partitioner decides by a key's value alone which partition its pair is in. Operators on [pairs](pairs.md) take one, or a number \`n\`, which stands for \`new HashPartitioner(n)\`.`,
    areas: ["partitioners"],
    types: ["PartitionerLike", "KnownPartitioner"],
  },
  {
    file: "shared-variables.md",
    title: "Shared variables and the task context",
    opening: `${reading}

What a function captures is copied into every task attempt anew. Broadcasts carry a value to all tasks once, accumulators bring amounts back, and \`taskContext()\` tells a task where it is.`,
    areas: ["shared", "task"],
    types: ["BarrierTaskInfo"],
  },
];

/** Exported names that help inference, and need no page. */
export const undocumented: readonly string[] = ["Widen", "version"];
