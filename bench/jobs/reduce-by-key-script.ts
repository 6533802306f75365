/** Sums by key for one thread: a Map. */
import { serveRuns } from "./timed.ts";

const rows = Number(process.argv[2]);
await serveRuns(() => {
  const sums = new Map<number, number>();
  for (let i = 0; i < rows; i++) {
    const key = (i * 48271) % 1000000;
    sums.set(key, (sums.get(key) ?? 0) + i);
  }
  return sums.size;
});
