/** A user's job: a helper module, an npm package and a captured variable inside tasks. */
import type { Context } from "firesteel";
import { stemmer } from "stemmer";
import { words } from "./words.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const lengthMin = Number(args[1]);
  const counts = ctx
    .textFile(args[0]!)
    .flatMap(words)
    .filter(word => word.length >= lengthMin)
    .map(word => [stemmer(word), 1])
    .reduceByKey((a, b) => a + b);
  for (const [word, n] of await counts.sortByKey().collect()) console.log(word, n);
}
