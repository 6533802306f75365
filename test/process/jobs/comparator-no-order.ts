import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const words = ctx.parallelize(["pear", "fig", "apple"], 1);
  console.log(await words.top(2, (a, b) => (a.length > b.length ? 1 : -1)));
}
