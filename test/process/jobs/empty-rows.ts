import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const nothing = ctx.range(0);
  console.log(
    await nothing.collect(),
    await nothing
      .map(x => [x, 1])
      .groupByKey()
      .collect(),
    await nothing.take(3),
  );
  await nothing.first();
}
