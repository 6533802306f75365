/**
 * Ten rounds of page rank over a cached graph, three links a node; the ranks' squares added up, in another order than the baselines', so
 * ten digits of it.
 */
import type { Context } from "firesteel";
import { serveRuns } from "./timed.ts";

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const [nodes, partitions] = args.map(Number) as [number, number];
  const links = ctx
    .range(0, nodes, 1, partitions)
    .map((i): [number, number[]] => [i, [(i * 7 + 1) % nodes, (i * 13 + 5) % nodes, (i * i) % nodes]])
    .partitionBy(partitions)
    .cache();
  await links.count();
  await serveRuns(async () => {
    let ranks = links.mapValues(() => 1);
    for (let round = 0; round < 10; round++) {
      ranks = links
        .join(ranks)
        .values()
        .flatMap(([targets, rank]) => targets.map((target): [number, number] => [target, rank / targets.length]))
        .reduceByKey((a, b) => a + b, partitions)
        .mapValues(sum => 0.15 + 0.85 * sum);
    }
    const squares = ranks.values().map(rank => rank * rank);
    return (await squares.sum()).toPrecision(10);
  });
}
