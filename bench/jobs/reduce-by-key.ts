/** Sums by key, a million keys. */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [rows, partitions] = args.map(Number) as [number, number];
  await serveRuns(() =>
    ctx
      .range(0, rows, 1, partitions)
      .map(i => [(i * 48271) % 1000000, i])
      .reduceByKey((a, b) => a + b, partitions)
      .count(),
  );
}
