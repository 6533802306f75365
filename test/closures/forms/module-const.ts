import type { FormContext, Found } from "../form-context.ts";

const offset = 3;
const table = { a: 1, nested: [1, 2, { b: new Map([["k", 5n]]) }] };

export default async function main(ctx: FormContext): Promise<Found> {
  return [
    [await ctx.ship((x: number) => x + offset, 4), 7],
    [await ctx.ship(() => table), table],
  ];
}
