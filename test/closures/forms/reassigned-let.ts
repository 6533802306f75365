import type { FormContext, Found } from "../form-context.ts";

let factor = 1;

export default async function main(ctx: FormContext): Promise<Found> {
  factor = 2;
  const first = ctx.ship((x: number) => x * factor, 10);
  factor = 3;
  const second = ctx.ship((x: number) => x * factor, 10);
  factor = 4;
  return [
    [await first, 20],
    [await second, 30],
  ];
}
