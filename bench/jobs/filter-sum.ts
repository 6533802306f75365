/** A filter over four cached columns and the sum of a product, as TPC-H's query 6 asks for it. */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [rows, partitions] = args.map(Number) as [number, number];
  const items = ctx
    .range(0, rows, 1, partitions)
    .map(i => [(i * 48271) % 50, (i * 69069) % 10000, (i * 7) % 11, (i * 16807) % 2557])
    .cache();
  await items.count();
  await serveRuns(() =>
    items
      .filter(r => r[0] < 24 && r[2] >= 5 && r[2] <= 7 && r[3] >= 366 && r[3] < 731)
      .map(r => r[1] * r[2])
      .sum(),
  );
}
