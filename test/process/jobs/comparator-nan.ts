import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const words = ctx.parallelize(["b", "a"], 1);
  console.log(await words.takeOrdered(3, (a, b) => Number(a) - Number(b)));
}
