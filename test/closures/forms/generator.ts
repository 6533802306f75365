import type { FormContext, Found } from "../form-context.ts";

const times = 2;
function* repeat(rows: Iterable<number>) {
  for (const row of rows) for (let i = 0; i < times; i++) yield row;
}

export default async function main(ctx: FormContext): Promise<Found> {
  return [
    [await ctx.shipIterable(repeat, [1, 2]), [1, 1, 2, 2]],
    [
      await ctx.shipIterable(
        function* (rows: number[]) {
          yield* rows;
          yield times;
        },
        [7],
      ),
      [7, 2],
    ],
  ];
}
