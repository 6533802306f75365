import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  ctx
    .range(10)
    .map(x => x * 2)
    .count();
  void ctx.range(10).saveAsTextFile("never-written");
}
