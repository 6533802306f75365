/**
 * Logistic regression by gradient descent: how likely a US flight is to be more than 15 minutes late, from its length and its hour.
 * The points are parsed and cached once; each round is one pass over them.
 *
 *   firesteel run examples/logistic-regression.ts [ROUNDS] [FLIGHTS.json]
 */
import type { Context } from "firesteel";

interface Flight {
  readonly delay: number;
  readonly distance: number;
  /** In hours. */
  readonly time: number;
}

const lateMinutes = 15;
const step = 4;

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const rounds = Number(args[0] ?? 100);
  const points = ctx
    .jsonFile<Flight>(args[1] ?? "node_modules/vega-datasets/data/flights-200k.json")
    .map(flight => ({ late: flight.delay > lateMinutes ? 1 : 0, features: features(flight) }))
    .repartition(ctx.defaultParallelism)
    .cache();
  const count = await points.count();
  let weights = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const now = weights;
    const gradient = await points.aggregate(
      [0, 0, 0] as number[],
      (sum, { late, features }) => {
        const error = probability(features, now) - late;
        return sum.map((x, i) => x + error * features[i]!);
      },
      (a, b) => a.map((x, i) => x + b[i]!),
    );
    weights = now.map((weight, i) => weight - (step * gradient[i]!) / count);
  }
  console.log(`weights after ${rounds} rounds over ${count} flights: ${weights.map(w => w.toFixed(4)).join(", ")}`);
  for (const time of [6, 12, 18, 22]) {
    const late = probability(features({ distance: 500, time }), weights);
    console.log(`500 miles at ${time}:00: late with ${(100 * late).toFixed(1)} %`);
  }
}

/** About 0 on average and within a few units, so that one step size fits all. The day of airports begins at four. */
function features({ distance, time }: Pick<Flight, "distance" | "time">): number[] {
  return [1, (distance - 700) / 600, (((time + 20) % 24) - 10) / 5];
}

function probability(features: readonly number[], weights: readonly number[]): number {
  const margin = features.reduce((sum, x, i) => sum + x * weights[i]!, 0);
  return 1 / (1 + Math.exp(-margin));
}
