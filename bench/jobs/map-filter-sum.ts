/** range → map → filter → sum: three functions, no data. */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [rows, partitions] = args.map(Number) as [number, number];
  await serveRuns(() =>
    ctx
      .range(0, rows, 1, partitions)
      .map(i => i * 3)
      .filter(i => i % 2 === 0)
      .sum(),
  );
}
