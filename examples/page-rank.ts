/**
 * PageRank (Page, Brin, Motwani, Winograd 1999) of US airports, from the routes between them: an airport matters when airports
 * that matter fly to it.
 *
 *   firesteel run examples/page-rank.ts [ROUTES.csv] [ROUNDS]
 *
 * The routes are placed by airport and cached once. Ranks keep that placement, so each round shuffles contributions alone.
 */
import type { Context } from "firesteel";

interface Route {
  readonly origin: string;
  readonly destination: string;
}

const damping = 0.85;

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const path = args[0] ?? "node_modules/vega-datasets/data/flights-airport.csv";
  const rounds = Number(args[1] ?? 10);
  const links = ctx
    .csvFile<Route>(path)
    .map(({ origin, destination }) => [origin, destination])
    .groupByKey()
    .cache();
  let ranks = links.mapValues(() => 1);
  for (let round = 0; round < rounds; round++) {
    ranks = links
      .join(ranks)
      // nothing to itself keeps an airport that no route leads to
      .flatMap(([from, [targets, rank]]) => [[from, 0], ...targets.map(to => [to, rank / targets.length] as const)])
      .reduceByKey((a, b) => a + b)
      .mapValues(sum => 1 - damping + damping * sum);
  }
  for (const [airport, rank] of await ranks.top(10, (a, b) => a[1] - b[1])) console.log(airport, rank.toFixed(4));
}
