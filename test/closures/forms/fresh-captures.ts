import type { FormContext, Found } from "../form-context.ts";

const seen: number[] = [];
class Counter {
  static count = 0;
  next(): number {
    return ++Counter.count;
  }
}

export default async function main(ctx: FormContext): Promise<Found> {
  const push = (x: number) => seen.push(x);
  const count = () => new Counter().next();
  const results = [await ctx.ship(push, 1), await ctx.ship(push, 2), await ctx.ship(count), await ctx.ship(count)];
  return [
    [results, [1, 1, 1, 1]],
    [
      [seen.length, Counter.count],
      [0, 0],
    ],
    [
      ctx.warnings.map(each => each.replace(/[^ (]*\/|:\d+:\d+/g, "")),
      [
        "fresh-captures.ts: seen.push() changes a task's own copy, never the driver's (map at fresh-captures.ts): use an accumulator",
      ],
    ],
  ];
}
