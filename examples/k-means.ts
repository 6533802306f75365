/**
 * k-means clustering (Lloyd 1982) of cached points; the centres travel to the tasks as a captured value each round.
 *
 *   firesteel run examples/k-means.ts [POINTS] [K] [ROUNDS]
 */
import type { Context } from "firesteel";

const dimensions = 8;

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const count = Number(args[0] ?? 100_000);
  const k = Number(args[1] ?? 8);
  const rounds = Number(args[2] ?? 10);
  const points = ctx
    .range(0, count)
    .map(i => Array.from({ length: dimensions }, (_, d) => (i * (d + 3) * 48271) % 1000))
    .cache();
  let centres = Array.from({ length: k }, (_, c) => Array.from({ length: dimensions }, (_, d) => c * 125 + d));
  for (let round = 0; round < rounds; round++) {
    const now = centres;
    const sums = await points
      .map(point => [nearest(point, now), { sum: point, count: 1 }])
      .reduceByKey((a, b) => ({ sum: a.sum.map((x, d) => x + b.sum[d]!), count: a.count + b.count }))
      .collectAsMap();
    centres = now.map((centre, c) => sums.get(c)?.sum.map(x => x / sums.get(c)!.count) ?? centre);
  }
  for (const centre of centres) console.log(centre.map(x => x.toFixed(3)).join(" "));
}

function nearest(point: readonly number[], centres: readonly (readonly number[])[]): number {
  let best = 0;
  let bestDistance = Infinity;
  for (const [c, centre] of centres.entries()) {
    let distance = 0;
    for (let d = 0; d < dimensions; d++) distance += (point[d]! - centre[d]!) ** 2;
    if (distance < bestDistance) {
      bestDistance = distance;
      best = c;
    }
  }
  return best;
}
