import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(1e7).map(x => [x, x, x, x]);
  const all = await rows.reduce((all, row) => {
    for (let i = 0; i < 4; i++) all.push(...row);
    return all;
  });
  console.log(all.length);
}
