import type { FormContext, Found } from "../form-context.ts";
import { makeAdder } from "../helpers/text.ts";

const extra = 1;
function makeFn(n: number) {
  return function (x: number) {
    return x + n + extra;
  };
}
const compose =
  <A, B, C>(f: (a: A) => B, g: (b: B) => C) =>
  (a: A): C =>
    g(f(a));

export default async function main(ctx: FormContext): Promise<Found> {
  return [
    [await ctx.ship(makeFn(3), 1), 5],
    [await ctx.ship(makeAdder(3), 1), 5],
    [await ctx.ship(compose(makeFn(1), makeAdder(2)), 10), 15],
    [
      await ctx.ship(
        compose(compose(makeFn(1), String), x => `${x}${extra}`),
        1,
      ),
      "31",
    ],
  ];
}
