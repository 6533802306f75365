/** Values gathered by key, a million keys, and their number. */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [rows, partitions] = args.map(Number) as [number, number];
  await serveRuns(() =>
    ctx
      .range(0, rows, 1, partitions)
      .map(i => [(i * 48271) % 1000000, i])
      .groupByKey(partitions)
      .mapValues(values => values.length)
      .values()
      .sum(),
  );
}
