import { existsSync, readFileSync } from "node:fs";
import type { Context } from "firesteel";

export default async function main(ctx: Context, args: string[]): Promise<unknown> {
  const even = await ctx
    .range(100)
    .filter(x => x % 2 === 0)
    .count();
  console.log(`said ${args.join(" ")}`);
  return { even, args, file: existsSync("rows.csv") ? readFileSync("rows.csv", "utf8") : undefined };
}

export async function other(): Promise<unknown> {
  return "the other one";
}
