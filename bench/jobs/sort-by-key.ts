/** A sort of pairs by numbers in no order; the first three keys. */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [rows, partitions] = args.map(Number) as [number, number];
  await serveRuns(() =>
    ctx
      .range(0, rows, 1, partitions)
      .map(i => [(i * 69069) % 4294967296, i])
      .sortByKey(true, partitions)
      .map(([key]) => key)
      .take(3),
  );
}
