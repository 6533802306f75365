import type { FormContext, Found } from "../form-context.ts";

const k = 2;
const operations = {
  double: (x: number) => x * k,
  list: [(x: number) => x + k, Math.abs],
  map: new Map<string, (x: number) => number>([["half", x => x / k]]),
};
const cyclic: { name: string; self?: unknown; call?: () => string } = { name: "c" };
cyclic.self = cyclic;
cyclic.call = () => cyclic.name;

export default async function main(ctx: FormContext): Promise<Found> {
  const shared = { n: 0 };
  const a = { shared };
  const b = { shared };
  return [
    [
      await ctx.ship((x: number) => operations.double(x) + operations.list[0]!(x) + operations.map.get("half")!(x), 4),
      16,
    ],
    [await ctx.ship(() => [cyclic.self === cyclic, cyclic.call!()]), [true, "c"]],
    [await ctx.ship(() => a.shared === b.shared), true],
  ];
}
