/** range → map → filter → sum as one writes it for one thread: a loop. */
import { serveRuns } from "./timed.ts";

const rows = Number(process.argv[2]);
await serveRuns(() => {
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const tripled = i * 3;
    if (tripled % 2 === 0) sum += tripled;
  }
  return sum;
});
