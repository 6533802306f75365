/**
 * The shuffles that Spark is compared on, timed inside one application: each job three times after a warm-up, as
 * `name median-seconds answer` lines. The answers are checked by main.ts before any time is shown.
 *
 *   firesteel run --master 'local[2]' bench/jobs/figures.ts
 */
import type { Context } from "firesteel";

const rows = 10_000_000;
const runs = 3;

export default async function main(ctx: Context): Promise<void> {
  await time("reduceByKey", () =>
    keyed(ctx)
      .reduceByKey((a, b) => a + b, 2)
      .count(),
  );
  await time("groupByKey", () =>
    keyed(ctx)
      .groupByKey(2)
      .mapValues(values => values.length)
      .values()
      .sum(),
  );
  await time("sortByKey", async () => {
    const sorted = ctx
      .range(0, rows, 1, 2)
      .map(i => [(i * 69069) % 4294967296, i])
      .sortByKey(true, 2);
    return (await sorted.map(([key]) => key).take(3)).join(",");
  });
  await time("join", () => {
    const left = ctx.range(0, 1_000_000, 1, 2).map(i => [(i * 7) % 1000003, i]);
    const right = ctx.range(0, 1_000_000, 1, 2).map(i => [(i * 11) % 1000003, i]);
    return left.join(right, 2).count();
  });
  await time("emptyTasks", () => ctx.parallelize([], 10_000).count());
}

function keyed(ctx: Context) {
  return ctx.range(0, rows, 1, 2).map(i => [(i * 48271) % 1000000, i]);
}

async function time(name: string, job: () => Promise<unknown>): Promise<void> {
  let answer = await job();
  const seconds: number[] = [];
  for (let i = 0; i < runs; i++) {
    const startMs = performance.now();
    answer = await job();
    seconds.push((performance.now() - startMs) / 1000);
  }
  seconds.sort((a, b) => a - b);
  console.log(name, seconds[runs >> 1], answer);
}
