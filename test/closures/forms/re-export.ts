import type { FormContext, Found } from "../form-context.ts";
import { getLineInfo, shapes } from "../helpers/text.ts";

export default async function main(ctx: FormContext): Promise<Found> {
  return [
    [await ctx.ship(() => getLineInfo.name), "getLineInfo"],
    [await ctx.ship((text: string) => getLineInfo(text, 1).line, "a"), 1],
    [await ctx.ship(() => shapes.area(new shapes.Circle(2))), 12],
    [await ctx.ship(shapes.area, new shapes.Ring(2, 1)), 11],
  ];
}
