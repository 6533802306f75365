/** A sort of pairs for one thread: an array and its `sort`. */
import { serveRuns } from "./timed.ts";

const rows = Number(process.argv[2]);
await serveRuns(() => {
  const pairs: [number, number][] = [];
  for (let i = 0; i < rows; i++) pairs.push([(i * 69069) % 4294967296, i]);
  pairs.sort((a, b) => a[0] - b[0]);
  return pairs.slice(0, 3).map(([key]) => key);
});
