import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  for (const line of await ctx.range(100_000).map(x => `line ${x}`).collect()) process.stdout.write(`${line}\n`);
}
