/** k-means for one thread: arrays, and sums that are added to in place. */
import { serveRuns } from "./timed.ts";

const count = Number(process.argv[2]);
const points = Array.from({ length: count }, (_, i) =>
  Array.from({ length: 8 }, (_, d) => (i * (d + 3) * 48271) % 1000),
);
await serveRuns(() => {
  const centres = Array.from({ length: 8 }, (_, k) => Array.from({ length: 8 }, (_, d) => k * 125 + d));
  for (let round = 0; round < 10; round++) {
    const sums = centres.map(() => new Array<number>(8).fill(0));
    const counts = new Array<number>(8).fill(0);
    for (const point of points) {
      const k = nearest(point, centres);
      const sum = sums[k]!;
      for (let d = 0; d < 8; d++) sum[d]! += point[d]!;
      counts[k]!++;
    }
    for (let k = 0; k < 8; k++) if (counts[k]! > 0) centres[k] = sums[k]!.map(each => each / counts[k]!);
  }
  return centres.flat().reduce((sum, each) => sum + each, 0);
});

function nearest(point: readonly number[], centres: readonly (readonly number[])[]): number {
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
  return best;
}
