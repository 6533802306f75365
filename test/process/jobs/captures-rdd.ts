import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const names = ctx.parallelize(["a", "b"]);
  const counts = ctx.range(10).map(x => {
    void names.count();
    return x;
  });
  console.log(await counts.collect());
}
