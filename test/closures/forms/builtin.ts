import type { FormContext, Found } from "../form-context.ts";

const steps = [Math.sqrt, Number.parseFloat];

export default async function main(ctx: FormContext): Promise<Found> {
  return [
    [await ctx.ship(Math.sqrt, 9), 3],
    [await ctx.ship(parseInt, "12px"), 12],
    [await ctx.ship(String, 12), "12"],
    [await ctx.ship(Number, "12"), 12],
    [await ctx.ship(JSON.parse, "[1]"), [1]],
    [await ctx.ship(Boolean, 0), false],
    [await ctx.ship((x: string) => steps.map(step => step(x as never)), "4"), [2, 4]],
    [await ctx.ship((x: string) => x.trim(), " a "), "a"],
  ];
}
