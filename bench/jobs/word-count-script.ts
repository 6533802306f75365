/** Word count as one would write it for one thread: `split` and a `Map`, over the file's lines as they stream in. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const counts = new Map<string, number>();
for await (const line of createInterface({ input: createReadStream(process.argv[2]!), crlfDelay: Infinity })) {
  for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
}
let most = 0;
for (const count of counts.values()) most = Math.max(most, count);
console.log(counts.size, most);
