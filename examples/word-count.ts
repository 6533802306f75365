/**
 * Counts words, separated by spaces, in text files, and prints the 20 most frequent.
 *
 *   firesteel run examples/word-count.ts FILES [OUTPUT]
 *
 * With OUTPUT, every word and its count goes there instead, one `word count` a line, most frequent first.
 */
import type { Context } from "firesteel";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [input, output] = args;
  if (input === undefined) throw new Error("usage: word-count.ts FILES [OUTPUT]");
  const counts = ctx
    .textFile(input)
    .flatMap(line => line.split(" "))
    .filter(word => word !== "")
    .map(word => [word, 1])
    .reduceByKey((a, b) => a + b);
  if (output !== undefined) {
    await counts
      .sortBy(([word, n]) => [-n, word])
      .map(([word, n]) => `${word} ${n}`)
      .saveAsTextFile(output);
    return;
  }
  const top = await counts.takeOrdered(20, (a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  for (const [word, n] of top) console.log(word, n);
}
