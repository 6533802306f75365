/** An inner join of two sets of pairs by a number; how many rows it gives. */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [rows, partitions] = args.map(Number) as [number, number];
  await serveRuns(() => {
    const left = ctx.range(0, rows, 1, partitions).map(i => [(i * 7) % 1000003, i]);
    const right = ctx.range(0, rows, 1, partitions).map(i => [(i * 11) % 1000003, i]);
    return left.join(right, partitions).count();
  });
}
