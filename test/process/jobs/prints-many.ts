import type { Context } from "firesteel";

export default async function main(ctx: Context, [how]: string[]): Promise<void> {
  for (let round = 0; ; round++) {
    for (const line of await ctx
      .range(10_000)
      .map(x => `line ${x}`)
      .collect()) {
      if (how === "log") console.log(round, line);
      else process.stdout.write(`${round} ${line}\n`);
    }
  }
}
