/** Sorts rows by string keys, which samples them first, and collects them; sorts them on by number, and saves them. */
import type { Context } from "firesteel";

export default async function main(ctx: Context, [, output]: string[]): Promise<void> {
  const rows = ctx.range(0, 600_000, 1, 10).map(i => {
    const key = Math.imul(i, 2_654_435_761) >>> 0;
    return [`k${key % 300_007}`, { at: i, text: `row ${key}` }] as const;
  });
  console.log("at strings");
  const sorted = await rows
    .sortByKey(false, 8)
    .map(([key, { at }]) => `${key}:${at}`)
    .collect();
  console.log("at numbers");
  await rows
    .map(([key, { at, text }]) => [Number(key.slice(1)), `${text} ${at}`] as const)
    .sortByKey(true, 7)
    .saveAsTextFile(`${output}/sorted`);
  console.log("at end");
  console.log(JSON.stringify(sorted));
}
