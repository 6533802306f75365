import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx.range(4).map(x => {
    const kept: number[][] = [];
    while (x === 3) kept.push(new Array<number>(100).fill(x));
    return kept.length;
  });
  console.log(await rows.collect());
}
