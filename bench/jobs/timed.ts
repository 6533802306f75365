/** One run for every line on stdin, each answered by `seconds answer`, so that bench/ can take turns between programs. */
import { createInterface } from "node:readline";

export async function serveRuns(run: () => unknown): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "") continue;
    const startMs = performance.now();
    const answer = await run();
    console.log((performance.now() - startMs) / 1000, String(answer));
  }
}
