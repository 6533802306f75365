/** How long the binary takes from start to exit: `version`, and `run` of a job that does nothing. Whole processes, medians. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineLine, median } from "./measure.ts";

const binary = join(import.meta.dirname, "../dist/firesteel");
const runs = 21;

const folder = mkdtempSync(join(tmpdir(), "firesteel-startup-"));
try {
  const job = join(folder, "empty.ts");
  writeFileSync(
    job,
    'import type { Context } from "firesteel";\nexport default async function main(_ctx: Context): Promise<void> {}\n',
  );
  console.log(machineLine());
  await time("version", ["version"]);
  await time("empty job", ["run", "--quiet", "--master", "local[2]", job]);
} finally {
  rmSync(folder, { recursive: true });
}

async function time(name: string, args: readonly string[]): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i <= runs; i++) {
    const startMs = performance.now();
    const child = Bun.spawn([binary, ...args], { stdout: "ignore", stderr: "inherit" });
    if ((await child.exited) !== 0) throw new Error(`${name} failed`);
    // the first run finds a cold cache
    if (i > 0) times.push(performance.now() - startMs);
  }
  console.log(
    `${name.padEnd(12)} ${median(times).toFixed(1)} ms (${Math.min(...times).toFixed(1)} – ${Math.max(...times).toFixed(1)})`,
  );
}
