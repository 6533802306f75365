/** Counts words of a text file, by length and by word, and saves both. Arguments: input file, output folder. */
import type { Context } from "firesteel";

export default async function main(ctx: Context, [input, output]: string[]): Promise<void> {
  const words = ctx.textFile(input!, 12).flatMap(line => line.split(" "));
  console.log("at words");
  await words
    .map(word => [word, 1])
    .reduceByKey((a, b) => a + b, 6)
    .map(([word, n]) => `${word} ${n}`)
    .saveAsTextFile(`${output}/words`);
  console.log("at lengths");
  await words
    .map(word => [word.length, word.codePointAt(0) ?? 0])
    .reduceByKey((a, b) => (a * 31 + b) % 1_000_003, 4)
    .sortByKey(true, 3)
    .map(([length, code]) => `${length} ${code}`)
    .saveAsTextFile(`${output}/lengths`);
  console.log("at end");
}
