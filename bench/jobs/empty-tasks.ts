/** Tasks that do nothing: what scheduling costs. */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const tasks = Number(args[0]);
  await serveRuns(() => ctx.parallelize([], tasks).count());
}
