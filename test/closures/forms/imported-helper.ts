import type { FormContext, Found } from "../form-context.ts";
import bracket, { callsSoFar, lineOf, makeCounter, shout, table, whisper } from "../helpers/text.ts";

export default async function main(ctx: FormContext): Promise<Found> {
  shout("on the driver");
  const before = (await ctx.ship(callsSoFar)) as number;
  return [
    [await ctx.ship((x: string) => shout(x) + whisper(x), "Ab"), "AB!ab!"],
    [await ctx.ship(shout, "direct"), "DIRECT!"],
    [await ctx.ship(whisper, "DIRECT"), "direct!"],
    [await ctx.ship(bracket, "x"), "<x>"],
    [await ctx.ship((x: string) => bracket(x), "x"), "<x>"],
    [await ctx.ship(lineOf, "a\nb"), 2],
    [await ctx.ship(table.upper, "t"), "T!"],
    [await ctx.ship(table.twice, "t"), "tt"],
    [await ctx.ship((table as unknown as { hidden: (x: number) => number }).hidden, 2), 42],
    [await ctx.ship(makeCounter(5).total, 1), 6],
    [await ctx.ship(makeCounter(5).double, 1), 12],
    // a module's state is its own in every thread
    [(await ctx.ship(callsSoFar)) as number, before + 3],
  ];
}
