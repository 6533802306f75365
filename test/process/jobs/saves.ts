import type { Context } from "firesteel";

export default async function main(ctx: Context, [path, failing]: string[]): Promise<void> {
  const bad = failing === undefined ? -1 : Number(failing);
  const rows = ctx.range(0, 10, 1, 2).map(x => {
    if (x === bad) throw new Error(`row ${x}`);
    return `row ${x}`;
  });
  await rows.saveAsTextFile(path!);
}
