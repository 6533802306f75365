import type { FormContext, Found } from "../form-context.ts";

function scale(this: { by: number }, a: number, b: number): number {
  return (a + b) * this.by;
}
class Scaler {
  #by = 7;
  times(x: number): number {
    return x * this.#by;
  }
}

export default async function main(ctx: FormContext): Promise<Found> {
  const scaler = new Scaler();
  const bound = scale.bind({ by: 2 }, 1);
  return [
    [await ctx.ship(bound, 4), 10],
    [await ctx.ship((x: number) => bound(x), 4), 10],
    [await ctx.ship(scaler.times.bind(scaler), 3), 21],
    [await ctx.ship(((a: number, b: number) => a - b).bind(null, 10), 4), 6],
    [await ctx.ship(Math.max.bind(Math, 5), 3), 5],
    [await ctx.ship(bound.bind(undefined, 9)), 20],
  ];
}
