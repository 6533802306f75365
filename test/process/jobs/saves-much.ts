import type { Context } from "firesteel";

export default async function main(ctx: Context, [path]: string[]): Promise<void> {
  const rows = ctx.range(0, 2e5, 1, 2).map(x => `row ${(x * 48271) % 1000003}`);
  await rows.saveAsTextFile(path!);
}
