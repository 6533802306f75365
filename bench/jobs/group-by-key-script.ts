/** Values gathered by key for one thread: a Map of arrays. */
import { serveRuns } from "./timed.ts";

const rows = Number(process.argv[2]);
await serveRuns(() => {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < rows; i++) {
    const key = (i * 48271) % 1000000;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  }
  let values = 0;
  for (const group of groups.values()) values += group.length;
  return values;
});
