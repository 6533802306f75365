/**
 * For each word stem the files and lines it is on. The stemmer is an npm package, used inside tasks as if it were local.
 *
 *   firesteel run examples/inverted-index.ts DIRECTORY [STEM…]
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Context, Rdd } from "firesteel";
import { stemmer } from "stemmer";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [directory, ...wanted] = args;
  if (directory === undefined) throw new Error("usage: inverted-index.ts DIRECTORY [STEM…]");
  const files = readdirSync(directory).sort();
  const occurrences = ctx.union(files.map(file => stemsOf(ctx, join(directory, file), file)));
  const index = occurrences.distinct().groupByKey().sortByKey();
  const shown = wanted.length === 0 ? index : index.filter(([stem]) => wanted.includes(stem));
  for (const [stem, places] of await shown.collect()) console.log(`${stem}: ${places.sort(byPlace).map(([file, line]) => `${file}:${line}`).join(" ")}`);
}

function stemsOf(ctx: Context, path: string, file: string): Rdd<[string, [string, number]]> {
  return ctx
    .textFile(path)
    .zipWithIndex()
    .flatMap(([line, index]) => words(line).map(word => [stemmer(word), [file, index + 1]]));
}

function words(line: string): string[] {
  return line.toLowerCase().match(/\p{L}+/gu) ?? [];
}

function byPlace(a: readonly [string, number], b: readonly [string, number]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1];
}
