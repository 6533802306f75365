/** The cases of the conformance suites: a body run over every kind of rows and several partition counts, beside a plain twin. */
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
}

/** What declares cases with the suite's tools. */
export function conformanceCases(tools: SuiteTools) {
  const { ctx, test, same, sameGroups, partitionCounts } = tools;

  const over = (name: string, body: (input: Input) => Promise<void>) => {
    test(name, async () => {
      const runs: Promise<void>[] = [];
      for (const set of rowSets) {
        for (const n of set.isThorough ? partitionCounts : partitionCounts.slice(0, 1)) {
          const pairRows = pairsOf(set.rows);
          const input: Input = {
            rdd: ctx.parallelize(set.rows, n),
            pairs: ctx.parallelize(pairRows, n),
            rows: set.rows,
            parts: slices(set.rows, n),
            pairRows,
            pairParts: slices(pairRows, n),
            set,
          };
          runs.push(
            body(input).catch((error: unknown) => {
              throw new Error(
                `${set.name} in ${n} partitions: ${error instanceof Error ? error.message : String(error)}`,
                { cause: error },
              );
            }),
          );
        }
      }
      await Promise.all(runs);
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
