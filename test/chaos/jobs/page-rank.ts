/** Page rank over a cached graph, a job a round: what an executor had cached has to be made again when it is lost. */
import { type Context, StorageLevel } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const pages = 60_000;
  const links = ctx
    .range(0, pages * 6, 1, 8)
    .map(i => [i % pages, (Math.imul(i, 40_503) >>> 3) % pages])
    .groupByKey(6)
    .persist(StorageLevel.MEMORY_ONLY);
  let ranks = links.mapValues(() => 1);
  for (let round = 1; round <= 4; round++) {
    console.log(`at round ${round}`);
    ranks = links
      .join(ranks)
      .flatMap(([, [to, rank]]) => to.map(page => [page, rank / to.length] as const))
      .reduceByKey((a, b) => a + b, 6)
      .mapValues(sum => 0.15 + 0.85 * sum);
    ranks.cache();
    console.log(await ranks.count(), await ranks.values().sum());
  }
  console.log("at end");
  console.log(JSON.stringify(await ranks.top(500, (a, b) => a[1] - b[1] || a[0] - b[0])));
}
