import type { FormContext } from "../form-context.ts";

const totals = new Map<string, number>();
const state = { seen: new Set<string>(), last: "" };

export default async function main(ctx: FormContext): Promise<unknown> {
  const count = (word: string) => {
    totals.set(word, (totals.get(word) ?? 0) + 1);
    state.seen.add(word);
    state.last = word;
    const own: string[] = [];
    own.push(word);
    return own.length;
  };
  await ctx.ship(count, "a");
  return ctx.ship(count, "b");
}
