import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const words = ctx.range(3e5).map(x => `word ${x}`);
  words.setName("words").cache();
  const numbers = ctx.range(2e5).map(x => x * 1.5);
  numbers.cache();
  console.log(await words.count(), await numbers.count());
  const large = words.zip(ctx.range(3e5)).map(([word, x]) => [x, "0123456789abcdef".repeat(4 << 20) + word]);
  console.log(await large.groupByKey().count());
}
