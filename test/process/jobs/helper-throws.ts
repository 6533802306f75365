import type { Context } from "firesteel";

function merge(a: number, b: number): number {
  if (b > 7) throw new Error(`${b} is too large`, { cause: new TypeError("checked by hand") });
  return a + b;
}

export default async function main(ctx: Context): Promise<void> {
  const pairs = ctx.range(10).map(x => [x % 2, x]);
  const sums = pairs.reduceByKey((a, b) => {
    const sum = merge(a, b);
    return sum;
  });
  console.log(await sums.collect());
}
