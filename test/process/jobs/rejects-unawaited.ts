import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const sum = ctx
    .range(10)
    .map(x => check(x))
    .sum();
  await new Promise(resolve => setTimeout(resolve, 5_000));
  console.log(await sum);
}

function check(x: number): number {
  if (x === 5) throw new Error("five");
  return x;
}
