/** Sorts records of 100 bytes by their first ten, files to files. */
import type { Context } from "firesteel";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [input, output, partitions] = args as [string, string, string];
  await ctx
    .textFile(input, Number(partitions))
    .keyBy(line => line.slice(0, 10))
    .sortByKey()
    .values()
    .saveAsTextFile(output);
}
