/** The filter and sum over four columns for one thread: an array of rows, `filter` and a loop. */
import { serveRuns } from "./timed.ts";

const rows = Number(process.argv[2]);
const items = Array.from({ length: rows }, (_, i) => [
  (i * 48271) % 50,
  (i * 69069) % 10000,
  (i * 7) % 11,
  (i * 16807) % 2557,
]);
await serveRuns(() => {
  let sum = 0;
  for (const [quantity, price, discount, day] of items as [number, number, number, number][]) {
    if (quantity < 24 && discount >= 5 && discount <= 7 && day >= 366 && day < 731) sum += price * discount;
  }
  return sum;
});
