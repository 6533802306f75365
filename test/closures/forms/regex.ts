import type { FormContext, Found } from "../form-context.ts";

const word = /\w+/g;
const sticky = /b/y;
sticky.lastIndex = 1;

export default async function main(ctx: FormContext): Promise<Found> {
  const test = (text: string) => [word.test(text), word.lastIndex];
  return [
    // captured with its lastIndex, and fresh in every attempt
    [await ctx.ship(test, "one two"), [true, 3]],
    [await ctx.ship(test, "one two"), [true, 3]],
    [await ctx.ship((text: string) => sticky.test(text), "abc"), true],
    [
      await ctx.ship((text: string) => text.split(/[,/]/).map(x => x.replace(/'"`/g, "")), "a,b/c'\"`"),
      ["a", "b", "c"],
    ],
  ];
}
