import type { FormContext, Found } from "../form-context.ts";

enum Color {
  Red,
  Green = 5,
  Blue = Green << 1,
}
const enum Size {
  Small = "s",
}

export default async function main(ctx: FormContext): Promise<Found> {
  enum Local {
    A = 1,
  }
  return [
    [await ctx.ship((x: number) => [Color.Red, Color.Blue, Color[x], Size.Small], 5), [0, 10, "Green", "s"]],
    [await ctx.ship(() => Local.A), 1],
  ];
}
