import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(10).map(x => {
    if (x === 7) process.exit(4);
    return x;
  });
  console.log(await rows.sum());
}
