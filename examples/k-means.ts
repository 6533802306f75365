/**
 * k-means (Lloyd 1982): finds K places so that US airports are near one of them. The points are cached; the centres travel to the
 * tasks anew in each round, as a captured variable, until none moves.
 *
 *   firesteel run examples/k-means.ts [K] [AIRPORTS.csv]
 */
import type { Context } from "firesteel";

type Point = [latitude: number, longitude: number];

interface Airport {
  readonly latitude: number;
  readonly longitude: number;
}

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const k = Number(args[0] ?? 8);
  const points = ctx
    .csvFile<Airport>(args[1] ?? "node_modules/vega-datasets/data/airports.csv")
    .map(({ latitude, longitude }): Point => [latitude, longitude])
    .cache();
  let clusters = (await points.take(k)).map(centre => ({ centre, size: 1 }));
  let moved = true;
  while (moved) {
    const centres = clusters.map(({ centre }) => centre);
    clusters = await points
      .map(point => [nearest(point, centres), { point, size: 1 }])
      .reduceByKey((a, b) => ({ point: [a.point[0] + b.point[0], a.point[1] + b.point[1]], size: a.size + b.size }))
      .sortByKey()
      .values()
      .map(({ point: [x, y], size }) => ({ centre: [x / size, y / size] as Point, size }))
      .collect();
    moved = clusters.some(({ centre }, i) => squaredDistance(centre, centres[i]!) > 0);
  }
  for (const { centre, size } of clusters) {
    console.log(`${String(size).padStart(5)} airports around ${centre.map(x => x.toFixed(3)).join(", ")}`);
  }
}

function nearest(point: Point, centres: readonly Point[]): number {
  let best = 0;
  for (let i = 1; i < centres.length; i++) {
    if (squaredDistance(point, centres[i]!) < squaredDistance(point, centres[best]!)) best = i;
  }
  return best;
}

function squaredDistance(a: Point, b: Point): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
}
