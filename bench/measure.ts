/** What the benchmarks share: medians with their spread, the machine and the versions, and children that are measured. */
import { cpus, release, totalmem } from "node:os";

export interface Timing {
  /** Median, least and most of all runs. */
  readonly seconds: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly date: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function timing(seconds: readonly number[]): Timing {
  return { seconds: median(seconds), min: Math.min(...seconds), max: Math.max(...seconds), runs: seconds.length };
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    processor: all[0]?.model.trim() ?? "unknown processor",
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}, kernel ${release()}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

export function machineLine(machine: Machine): string {
  const { processor, cores, memoryGib, system, date } = machine;
  return `${cores} × ${processor}, ${memoryGib} GiB, ${system}, ${date}`;
}

/** The environment of measured children: settings of this engine would change what is measured. */
export function plainEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(FIRESTEEL_|BUN_JSC_|BUN_BE_BUN)/.test(name));
  return Object.fromEntries(kept) as Record<string, string>;
}

/** 0.0123 → "12.3 ms". */
export function showSeconds(seconds: number): string {
  if (seconds >= 10) return `${seconds.toFixed(1)} s`;
  if (seconds >= 0.1) return `${seconds.toFixed(2)} s`;
  return `${(seconds * 1000).toFixed(seconds < 0.01 ? 2 : 1)} ms`;
}

export function showMegabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
