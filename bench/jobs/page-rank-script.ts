/** Page rank for one thread: arrays of links, and Maps of ranks. */
import { serveRuns } from "./timed.ts";

const nodes = Number(process.argv[2]);
const links = Array.from({ length: nodes }, (_, i) => [(i * 7 + 1) % nodes, (i * 13 + 5) % nodes, (i * i) % nodes]);
await serveRuns(() => {
  let ranks = new Map<number, number>(links.map((_, node) => [node, 1]));
  for (let round = 0; round < 10; round++) {
    const sums = new Map<number, number>();
    for (const [node, rank] of ranks) {
      const targets = links[node]!;
      for (const target of targets) sums.set(target, (sums.get(target) ?? 0) + rank / targets.length);
    }
    ranks = new Map([...sums].map(([node, sum]) => [node, 0.15 + 0.85 * sum]));
  }
  let total = 0;
  for (const rank of ranks.values()) total += rank * rank;
  return total.toPrecision(10);
});
