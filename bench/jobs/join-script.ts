/** An inner join for one thread: a Map of arrays, and an array of what matches. */
import { serveRuns } from "./timed.ts";

const rows = Number(process.argv[2]);
await serveRuns(() => {
  const left = new Map<number, number[]>();
  for (let i = 0; i < rows; i++) {
    const key = (i * 7) % 1000003;
    const same = left.get(key);
    if (same === undefined) left.set(key, [i]);
    else same.push(i);
  }
  const joined: [number, [number, number]][] = [];
  for (let i = 0; i < rows; i++) {
    const key = (i * 11) % 1000003;
    for (const value of left.get(key) ?? []) joined.push([key, [value, i]]);
  }
  return joined.length;
});
