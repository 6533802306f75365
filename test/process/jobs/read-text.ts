import type { Context } from "firesteel";

export default async function main(ctx: Context, [path]: string[]): Promise<void> {
  const lengths = ctx.textFile(path!, 1).map(line => line.length);
  console.log(await lengths.count(), await lengths.sum());
}
