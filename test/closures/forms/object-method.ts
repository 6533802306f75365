import type { FormContext, Found } from "../form-context.ts";

const rate = 2;
const tax = {
  rate: 3,
  apply(x: number): number {
    return x * rate;
  },
  withThis(this: { rate: number } | undefined, x: number): number {
    return x * (this?.rate ?? 1);
  },
  *both(x: number) {
    yield x;
    yield x * rate;
  },
  "quoted name"(x: number) {
    return -x;
  },
  arrow: (x: number) => x + rate,
};

class Scaler {
  factor = 5;
  scale(x: number): number {
    return x * (this?.factor ?? 0);
  }
  static twice(x: number): number {
    return x * 2;
  }
  run(ctx: FormContext): Promise<unknown> {
    return ctx.ship((x: number) => x * this.factor, 3);
  }
}

export default async function main(ctx: FormContext): Promise<Found> {
  const scaler = new Scaler();
  return [
    [await ctx.ship(tax.apply, 4), 8],
    [await ctx.ship((x: number) => tax.apply(x), 4), 8],
    [await ctx.ship((x: number) => tax.withThis(x), 4), 12],
    // given alone, a method has no `this`, here as everywhere in JavaScript
    [await ctx.ship(tax.withThis, 4), 4],
    [await ctx.ship(tax["quoted name"], 4), -4],
    [await ctx.ship(tax.arrow, 4), 6],
    [await ctx.shipIterable(tax.both, 4), [4, 8]],
    [await ctx.ship((x: number) => scaler.scale(x), 2), 10],
    [await ctx.ship(scaler.scale, 2), 0],
    [await ctx.ship(Scaler.twice, 2), 4],
    [await scaler.run(ctx), 15],
  ];
}
