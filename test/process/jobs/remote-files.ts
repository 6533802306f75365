/** Counts the words of a remote text, writes them elsewhere, and reads them back. */
import type { Context } from "firesteel";

export default async function main(ctx: Context, [from = "", to]: readonly string[]): Promise<void> {
  const words = ctx.textFile(from, 3);
  console.log(`partitions: ${words.numPartitions}`);
  const counts = words
    .flatMap(line => line.split(" "))
    .map((word): [string, number] => [word, 1])
    .reduceByKey((a, b) => a + b)
    .sortByKey();
  if (to === undefined) return void console.log((await counts.collect()).map(pair => pair.join("=")).join(" "));
  await counts.map(([word, count]) => `${word}=${count}`).saveAsTextFile(to);
  const back = ctx.textFile(to);
  console.log((await back.collect()).join(" "));
}
