/**
 * The cases of the conformance suites: a body run over every kind of rows and several partition counts, beside a plain twin. Rows come
 * as JavaScript values, and as columns.
 */
import type { Rdd } from "firesteel";
import type { SuiteTools } from "../suite.ts";
import { pairsOf, type RowSet, rowSets, slices } from "./rows.ts";

export type Pairs = [unknown, unknown][];

/** What a case gets: the rows and pairs as Rdds, and as partitions of plain arrays. */
export interface Input {
  readonly rdd: Rdd<unknown>;
  readonly pairs: Rdd<[unknown, unknown]>;
  readonly rows: readonly unknown[];
  readonly parts: readonly (readonly unknown[])[];
  readonly pairRows: Pairs;
  readonly pairParts: readonly Pairs[];
  readonly set: RowSet;
  readonly form: Form;
}

/** JavaScript values, as `parallelize` gives them; or columns: native where their layout is, encoded values else. */
type Form = "rows" | "columns";

/** What declares cases with the suite's tools. */
export function conformanceCases(tools: SuiteTools) {
  const { ctx, test, same, sameGroups, partitionCounts } = tools;

  const inputOf = (set: RowSet, n: number, form: Form): Input => {
    const pairRows = pairsOf(set.rows);
    const [rdd, pairs] = [ctx.parallelize(set.rows, n), ctx.parallelize(pairRows, n)];
    return {
      rdd: form === "rows" ? rdd : columns(rdd),
      pairs: form === "rows" ? pairs : columns(pairs),
      rows: set.rows,
      parts: slices(set.rows, n),
      pairRows,
      pairParts: slices(pairRows, n),
      set,
      form,
    };
  };
  const over = (name: string, body: (input: Input) => Promise<void>) => {
    test(name, async () => {
      const inputs = rowSets.flatMap(set => formsOf(set, partitionCounts).map(([n, form]) => inputOf(set, n, form)));
      await Promise.all(inputs.map(input => body(input).catch((error: unknown) => throwOf(input, error))));
      await Promise.all(inputs.flatMap(({ rdd, pairs }) => [rdd.unpersist(), pairs.unpersist()]));
    });
  };
  /** An Rdd whose rows leave in a fixed order. */
  const exact = (name: string, make: (input: Input) => Rdd<unknown>, twin: (input: Input) => readonly unknown[]) =>
    over(name, async input => same(await make(input).collect(), twin(input)));
  /** An Rdd of pairs that leave in the order of their keys' hashes. */
  const grouped = (
    name: string,
    make: (input: Input) => Rdd<[unknown, unknown]>,
    twin: (input: Input) => readonly [unknown, unknown][],
  ) => over(name, async input => sameGroups(await make(input).collect(), twin(input)));
  const gives = (name: string, run: (input: Input) => Promise<unknown>, twin: (input: Input) => unknown) =>
    over(name, async input => same(await run(input), twin(input)));
  return { over, exact, grouped, gives };
}

/** The same rows as columns. */
export function columns<T>(rdd: Rdd<T>): Rdd<T> {
  return rdd.filter(() => true).cache();
}

/** Both forms in the first number of partitions; thorough sets in the others by turns. */
function formsOf(set: RowSet, partitionCounts: readonly number[]): (readonly [number, Form])[] {
  const [first, ...others] = partitionCounts as [number, ...number[]];
  const byTurns = others.map((n, i) => [n, i % 2 === 0 ? "columns" : "rows"] as const);
  return [[first, "rows"], [first, "columns"], ...(set.isThorough ? byTurns : [])];
}

function throwOf({ set, form, parts }: Input, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new Error(`${set.name} as ${form} in ${parts.length} partitions: ${reason}`, { cause: error });
}
