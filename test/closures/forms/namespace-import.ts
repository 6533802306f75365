import type { FormContext, Found } from "../form-context.ts";
import * as acorn from "acorn";
import * as path from "node:path";
import * as text from "../helpers/text.ts";

export default async function main(ctx: FormContext): Promise<Found> {
  return [
    [await ctx.ship((x: string) => text.shout(x), "a"), "A!"],
    [await ctx.ship(text.whisper, "A"), "a!"],
    [((await ctx.ship(acorn.getLineInfo, "a\nb", 3)) as acorn.Position).line, 2],
    [await ctx.ship((x: string) => path.basename(x), "/a/b"), "b"],
    [await ctx.ship(path.basename, "/a/b"), "b"],
  ];
}
