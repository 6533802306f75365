import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(10).mapAsync(async x => {
    setTimeout(() => process.exit(4), 1);
    await new Promise(resolve => setTimeout(resolve, 3_000));
    return x;
  });
  console.log(await rows.sum());
}
