import type { FormContext, Found } from "../form-context.ts";

const loaded = await Promise.resolve({ n: 5 });
const ran = (((globalThis as { bodies?: number }).bodies ??= 0), ++(globalThis as { bodies?: number }).bodies!);

export default async function main(ctx: FormContext): Promise<Found> {
  return [
    [await ctx.ship((x: number) => x + loaded.n, 1), 6],
    // the entry's statements never run in a task
    [await ctx.ship(() => (globalThis as { bodies?: number }).bodies ?? 0), 0],
    [ran, (globalThis as { bodies?: number }).bodies],
  ];
}
