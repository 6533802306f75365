/** Saves lines while the first attempt at one part ends its whole process. */
import { type Context, taskContext } from "firesteel";

export default async function main(ctx: Context, [to = ""]: readonly string[]): Promise<void> {
  const lines = ctx.range(0, 20_000, 1, 2).map(n => {
    if (n === 19_000 && taskContext().attemptNumber === 0) process.kill(process.pid, "SIGKILL");
    return `line ${n}`;
  });
  await lines.saveAsTextFile(to);
  console.log((await ctx.textFile(to).collect()).length, await ctx.textFile(to).distinct().count());
}
