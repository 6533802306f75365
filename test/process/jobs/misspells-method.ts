import type { Context } from "firesteel";

export default async function main(ctx: Context) {
  const rows = ctx.range(10);
  // @ts-expect-error: whoever does not look at types sees it when the job runs
  return rows.map(x => x + 1).colect();
}
