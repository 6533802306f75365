/**
 * Times the kernels of all families, or of those named: `bun bench/kernels/main.ts [--guard] [family…]`.
 *
 * `--guard` leaves the C twins out and exits 1 when a kernel takes more than its share (bench/limits.json) of the time of
 * the JavaScript loop beside it: a ratio, so that it holds on any machine.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCase, type BenchCase, type BenchResult } from "./harness.ts";

const folder = import.meta.dirname;
const guard = process.argv.includes("--guard");
const named = process.argv.slice(2).filter(argument => !argument.startsWith("--"));

const families = readdirSync(folder)
  .filter(file => file.endsWith(".bench.ts"))
  .map(file => file.replace(".bench.ts", ""))
  .sort();
const unknown = named.filter(name => !families.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark is named ${unknown.join(", ")}; there are ${families.join(", ")}`);
  process.exit(2);
}

const limits = (JSON.parse(readFileSync(join(folder, "../limits.json"), "utf8")) as { kernels: Record<string, number> })
  .kernels;
const results: BenchResult[] = [];
console.log(row("case", "kernel ms", "JS ms", "C ms", "kernel/JS", guard ? "limit" : "kernel/C"));
for (const family of named.length > 0 ? named : families) {
  const { cases } = (await import(join(folder, `${family}.bench.ts`))) as { cases: readonly BenchCase[] };
  for (const benchCase of cases) {
    const result = await runCase(benchCase, { quick: guard });
    results.push(result);
    print(result);
  }
}
if (guard) process.exit(holdsLimits() ? 0 : 1);

function print({ name, kernelMs, jsMs, nativeMs }: BenchResult): void {
  const last = guard ? limits[name] : nativeMs === undefined ? undefined : kernelMs / nativeMs;
  console.log(
    row(
      name,
      kernelMs.toFixed(2),
      jsMs.toFixed(2),
      nativeMs?.toFixed(2) ?? "–",
      (kernelMs / jsMs).toFixed(3),
      last?.toFixed(2) ?? "–",
    ),
  );
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(34) + cells.map(cell => cell.padStart(11)).join("");
}

function holdsLimits(): boolean {
  let holds = true;
  for (const { name, kernelMs, jsMs } of results) {
    const limit = limits[name];
    if (limit === undefined) console.error(`${name}: bench/limits.json has no limit for it`);
    else if (kernelMs / jsMs > limit)
      console.error(
        `${name}: takes ${(kernelMs / jsMs).toFixed(2)} of the JavaScript loop's time, the limit is ${limit}`,
      );
    else continue;
    holds = false;
  }
  return holds;
}
