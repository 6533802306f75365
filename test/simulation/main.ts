/**
 * Simulates clusters from seeds, and prints the transcript of the first that breaks a promise.
 *
 *   bun run simulate [--seeds N] [--from SEED] [--transcript]
 */
import { parseArgs } from "node:util";
import { simulate } from "./world.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    transcript: { type: "boolean", default: false },
  },
});
const first = Number(values.from);
const counts: Record<string, number> = {};
const started = performance.now();
let broken = 0;
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  try {
    const result = await simulate(seed);
    for (const [name, count] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + count;
    if (values.transcript) console.log(result.transcript.join("\n"));
  } catch (error) {
    broken++;
    console.log((error as Error).message);
    if (broken === 3) break;
  }
}
const seconds = (performance.now() - started) / 1000;
console.log(`${values.seeds} seeds in ${seconds.toFixed(1)} s, ${broken} broken`);
console.log(
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", "),
);
process.exit(broken === 0 ? 0 : 1);
