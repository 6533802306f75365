/** A job for `firesteel explain`: what it would write, print and compute must not happen. */
import { appendFileSync } from "node:fs";
import { StorageLevel, type Context } from "firesteel";

export default async function main(ctx: Context, [folder = "", mode]: string[]): Promise<void> {
  const ran = ctx.longAccumulator();
  const rows = ctx.range(0, 10, 1, 2).map(i => {
    ran.add(1);
    return i * 2;
  });
  if (mode === "nothing") return;
  if (mode === "for ever") for (;;) await rows.count();
  if (mode === "growing") for (let more = rows; ; more = more.map(i => i + 1)) await more.count();
  rows.persist(StorageLevel.MEMORY_ONLY);
  const total = await rows.reduce((a, b) => a + b);
  console.log(
    `total ${total}, ${await rows.count()} rows, first ${await rows.first()}, ${await rows.take(3)}, ${(await rows.stats()).mean}`,
  );
  await rows.map(String).saveAsTextFile(`${folder}/out`);
  await rows.foreach(row => appendFileSync("/does/not/exist", String(row)));
  for await (const row of rows.sortBy(row => -row)) console.log(row);
  await rows.sum();
  const many = ctx.range(0, 100, 1, 30);
  console.log(await many.treeReduce((a, b) => a + b));
  await many.treeAggregate(
    "",
    (text, row) => text + row,
    (a, b) => a + b,
    3,
  );
  console.log(await many.takeSample(false, 3, 1), await many.histogram(2), await many.countApproxDistinct());
  console.log((await many.countApprox(50)).mean, await many.map(i => [i % 3, i]).countByKeyApprox(50));
  const large = ctx.range(10).filter(i => i > 4);
  await large.sum();
  await large.mapPartitions(numbers => numbers).sum();
  const [largest] = await rows.top(1, (a, b) => a - b);
  console.log(ran.value, largest!.toFixed(2));
  await rows.max();
}
