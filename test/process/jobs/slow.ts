import type { Context } from "firesteel";

export default async function main(ctx: Context, [milliseconds]: string[]): Promise<void> {
  const wait = Number(milliseconds);
  console.log("before");
  const pairs = ctx.range(0, 8, 1, 8).map(x => {
    const until = performance.now() + wait;
    while (performance.now() < until);
    return [x % 2, 1];
  });
  console.log(JSON.stringify(await pairs.reduceByKey((a, b) => a + b, 2).collect()));
  console.log("after");
}
