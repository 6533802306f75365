import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(10).mapAsync(async x => {
    await Promise.resolve();
    if (x === 5) throw new Error("five");
    return x;
  });
  console.log(await rows.collect());
}
