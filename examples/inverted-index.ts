/**
 * For each word stem the files and lines it is on. The stemmer is an npm package, used inside tasks as if it were local.
 *
 *   firesteel run examples/inverted-index.ts DIRECTORY [WORD…]
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Context, Rdd } from "firesteel";
import { stemmer } from "stemmer";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [directory = "examples", ...words] = args;
  const files = readdirSync(directory).sort();
  const wanted = words.map(stemmer);
  const index = ctx
    .union(files.map(file => stemsOf(ctx, directory, file)))
    .filter(([stem]) => wanted.length === 0 || wanted.includes(stem))
    .distinct()
    .groupByKey()
    .mapValues(places => places.sort(([a, i], [b, j]) => (a === b ? i - j : a < b ? -1 : 1)))
    .sortByKey();
  for await (const [stem, places] of index) console.log(`${stem}: ${places.map(place => place.join(":")).join(" ")}`);
}

/** Each stem with the file and line of each of its words. */
function stemsOf(ctx: Context, directory: string, file: string): Rdd<[string, [string, number]]> {
  return ctx
    .textFile(join(directory, file))
    .zipWithIndex()
    .flatMap(([line, i]) => words(line).map(word => [stemmer(word), [file, i + 1]]));
}

function words(line: string): string[] {
  return line.toLowerCase().match(/\p{L}+/gu) ?? [];
}
