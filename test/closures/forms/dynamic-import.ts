import type { FormContext, Found } from "../form-context.ts";

export default async function main(ctx: FormContext): Promise<Found> {
  const { addBase } = await import("../helpers/lazy.ts");
  return [
    [await ctx.ship(addBase, 1), 101],
    [await ctx.ship((x: number) => addBase(x) * 2, 1), 202],
  ];
}
