/**
 * Logistic regression by batch gradient descent over cached points: whether a US flight of the sample is late (over 15 minutes),
 * from its distance and hour.
 *
 *   firesteel run examples/logistic-regression.ts [flights.json] [ROUNDS]
 */
import type { Context } from "firesteel";

interface Flight {
  readonly delay: number;
  readonly distance: number;
  readonly time: number;
}

interface Point {
  readonly label: number;
  readonly features: readonly number[];
}

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const path = args[0] ?? "node_modules/vega-datasets/data/flights-200k.json";
  const rounds = Number(args[1] ?? 20);
  const points = ctx
    .jsonFile<Flight>(path)
    .map((flight): Point => ({ label: flight.delay > 15 ? 1 : 0, features: [1, flight.distance / 1000, flight.time / 24] }))
    .cache();
  const count = await points.count();
  let weights = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const now = weights;
    const gradient = await points.aggregate(
      [0, 0, 0],
      (sum, { label, features }) => {
        const margin = features.reduce((total, x, i) => total + x * now[i]!, 0);
        const error = 1 / (1 + Math.exp(-margin)) - label;
        return sum.map((x, i) => x + error * features[i]!);
      },
      (a, b) => a.map((x, i) => x + b[i]!),
    );
    weights = now.map((weight, i) => weight - (2 * gradient[i]!) / count);
  }
  console.log(`${count} flights, weights ${weights.map(weight => weight.toFixed(4)).join(" ")}`);
}
