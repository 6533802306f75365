/** Word count to its two figures: how many words differ, and how often the most frequent one is there. */
import type { Context } from "firesteel";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const counts = ctx
    .textFile(args[0]!, 2)
    .flatMap(line => line.split(" "))
    .map(word => [word, 1])
    .reduceByKey((a, b) => a + b, 2)
    .values();
  const [words, most] = await counts.aggregate<[number, number]>(
    [0, 0],
    ([n, max], count) => [n + 1, Math.max(max, count)],
    (a, b) => [a[0] + b[0], Math.max(a[1], b[1])],
  );
  console.log(words, most);
}
