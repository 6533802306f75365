import * as acorn from "acorn";
import { snappyUncompress, toJson } from "hyparquet";
import type { FormContext, Found } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<Found> {
  // an instance of a class that the package exports
  const place = acorn.getLineInfo("a\nb", 3);
  const named = { json: toJson };
  const back = (await ctx.ship((at: acorn.Position) => at, place)) as acorn.Position;
  return [
    [await ctx.ship(toJson, 5n), 5],
    [await ctx.ship((x: bigint) => named.json(x), 6n), 6],
    [await ctx.ship(() => snappyUncompress.name), "snappyUncompress"],
    [await ctx.ship(() => [place.line, place.column]), [2, 1]],
    [
      [back.constructor === place.constructor, back.line],
      [true, 2],
    ],
  ];
}
