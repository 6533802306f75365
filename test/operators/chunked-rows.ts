/** Rows that come in chunks whose lengths a test says. */
import { encodeValue } from "../../src/data/value-codec.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { rowsPlan } from "./task-fixture.ts";

/** Rows in chunks of these lengths, as JavaScript values; or as columns, which pairs in the order of their keys can be. */
export function chunked(rows: readonly unknown[], lengths: readonly number[], asColumns: boolean): Plan {
  const slices: unknown[][] = [];
  let at = 0;
  for (const length of lengths) slices.push(rows.slice(at, (at += length)));
  const node = { ...rowsPlan([]), operator: "parallelize", op: "parallelize" } as const;
  const parallel = { ...node, slices: slices.map(slice => encodeValue(slice)) } as Plan;
  const parent = asColumns
    ? ({ ...node, op: "sort", operator: "sortByKey", parent: parallel, ascending: true } as Plan)
    : parallel;
  return { ...node, op: "coalesce", parent, groups: [slices.map((_, i) => i)] } as Plan;
}
