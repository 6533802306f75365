/** Ten rounds of k-means, 8 centres of 8 numbers, over cached points; the centres' numbers added up. */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [count, partitions] = args.map(Number) as [number, number];
  const points = ctx
    .range(0, count, 1, partitions)
    .map(i => Array.from({ length: 8 }, (_, d) => (i * (d + 3) * 48271) % 1000))
    .cache();
  await points.count();
  await serveRuns(async () => {
    const centres = Array.from({ length: 8 }, (_, k) => Array.from({ length: 8 }, (_, d) => k * 125 + d));
    for (let round = 0; round < 10; round++) {
      const sums = await points
        .map((point): [number, [number[], number]] => {
          let best = 0;
          let bestDistance = Infinity;
          for (let k = 0; k < 8; k++) {
            let distance = 0;
            for (let d = 0; d < 8; d++) {
              const apart = point[d]! - centres[k]![d]!;
              distance += apart * apart;
            }
            if (distance < bestDistance) {
              bestDistance = distance;
              best = k;
            }
          }
          return [best, [point, 1]];
        })
        .reduceByKey((a, b): [number[], number] => [a[0].map((sum, d) => sum + b[0][d]!), a[1] + b[1]], partitions)
        .collect();
      for (const [k, [sum, n]] of sums) centres[k] = sum.map(each => each / n);
    }
    return centres.flat().reduce((sum, each) => sum + each, 0);
  });
}
