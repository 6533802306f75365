/** What the benchmarks share: medians, the machine in one line, and the peak memory of a child process. */
import { cpus, totalmem } from "node:os";

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function machineLine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, bun ${Bun.version}`;
}

export interface ProcessRun {
  readonly output: string;
  readonly seconds: number;
  /** User and system, all threads. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Runs a command to its end; throws when it fails. */
export async function runProcess(command: readonly string[]): Promise<ProcessRun> {
  const startMs = performance.now();
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "inherit" });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
  const usage = child.resourceUsage()!;
  return {
    output,
    seconds: (performance.now() - startMs) / 1000,
    cpuSeconds: Number(usage.cpuTime.total) / 1e6,
    peakBytes: usage.maxRSS,
  };
}
