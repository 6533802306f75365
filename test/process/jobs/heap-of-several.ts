import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const rows = ctx
    .range(4)
    .filter(x => x > 2)
    .flatMap(x => {
      const kept: number[][] = [];
      for (;;) kept.push(new Array<number>(100).fill(x));
    });
  console.log(await rows.count());
}
