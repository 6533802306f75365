import type { FormContext, Found } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<Found> {
  const n = 4;
  const [first, { deep: renamed = 9 }] = [1, { deep: 2 }] as [number, { deep?: number }];
  const nested = (outer: number) => {
    const inner = outer * 2;
    return ctx.ship((x: number) => x + inner + n, 1);
  };
  return [
    [await ctx.ship((x: number) => x * n, 3), 12],
    [await ctx.ship(() => [first, renamed]), [1, 2]],
    [await nested(10), 25],
    [await ctx.ship((x: number, n = 5) => x + n, 1), 6],
    [
      await ctx.ship(function named(x: number): number {
        return x === 0 ? n : named(x - 1);
      }, 3),
      4,
    ],
  ];
}
