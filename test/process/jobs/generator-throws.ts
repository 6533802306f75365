import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(10).mapPartitions(function* (all) {
    for (const row of all) {
      if (row === 5) throw "a string";
      yield row;
    }
  });
  console.log(await rows.map(x => x + 1).collect());
}
