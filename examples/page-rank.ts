/**
 * PageRank (Page, Brin, Motwani and Winograd 1999) over a link graph: lines of `from to`, or a generated graph.
 *
 *   firesteel run examples/page-rank.ts [FILE | NODES] [ROUNDS]
 *
 * The links are placed by page and cached once; since ranks keep that placement, each round shuffles only contributions.
 */
import { HashPartitioner, type Context, type Rdd } from "firesteel";

const damping = 0.85;

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const input = args[0] ?? "20000";
  const rounds = Number(args[1] ?? 10);
  const edges: Rdd<[number, number]> = /^\d+$/.test(input) ? generated(ctx, Number(input)) : fromFile(ctx, input);
  const links = edges.groupByKey(new HashPartitioner(ctx.defaultParallelism)).cache();
  let ranks = links.mapValues(() => 1);
  for (let round = 0; round < rounds; round++) {
    const contributions = links.join(ranks).flatMap(([, [targets, rank]]) => targets.map(target => [target, rank / targets.length]));
    ranks = contributions
      .reduceByKey((a, b) => a + b, ctx.defaultParallelism)
      .mapValues(sum => 1 - damping + damping * sum);
  }
  const top = await ranks.takeOrdered(10, (a, b) => b[1] - a[1] || a[0] - b[0]);
  for (const [page, rank] of top) console.log(page, rank.toFixed(6));
}

function generated(ctx: Context, nodes: number): Rdd<[number, number]> {
  return ctx
    .range(0, nodes)
    .flatMap(i => [(i * 7 + 1) % nodes, (i * 13 + 5) % nodes, (i * i) % nodes].map(target => [i, target]));
}

function fromFile(ctx: Context, path: string): Rdd<[number, number]> {
  return ctx
    .textFile(path)
    .filter(line => line !== "" && !line.startsWith("#"))
    .map(line => {
      const [from, to] = line.split(/\s+/).map(Number);
      return [from!, to!];
    });
}
