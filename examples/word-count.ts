/**
 * Counts the words of text files and prints them in order, as `tr ' ' '\n' | sort | uniq -c` does.
 *
 *   firesteel run examples/word-count.ts [FILES]
 */
import type { Context } from "firesteel";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const counts = ctx
    .textFile(args[0] ?? "README.md")
    .flatMap(line => line.split(" "))
    .map(word => [word, 1])
    .reduceByKey((a, b) => a + b)
    .sortByKey();
  for (const [word, n] of await counts.collect()) console.log(`${String(n).padStart(7)} ${word}`);
}
