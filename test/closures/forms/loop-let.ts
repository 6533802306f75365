import type { FormContext, Found } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<Found> {
  const made: ((x: number) => number)[] = [];
  for (let i = 0; i < 3; i++) made.push(x => x + i);
  for (const k of [10, 20]) {
    function add(x: number): number {
      return x + k;
    }
    made.push(add);
  }
  const results = [];
  for (const fn of made) results.push(await ctx.ship(fn, 1));
  return [[results, [1, 2, 3, 11, 21]]];
}
