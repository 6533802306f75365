/**
 * Ratios held against limits: what takes a larger part of its baseline's time than limits.json allows fails. Ratios, so that they
 * hold on any machine; of the fastest runs, which other load disturbs least; with room for noise, so that they fail for a reason.
 * What exceeds its limit is measured twice more before it counts, because other load on the machine can spoil measurements.
 */
import { existsSync, readFileSync } from "node:fs";
import { FiresteelError } from "../src/base/errors.ts";
import { UsageError } from "../src/base/usage-error.ts";
import shipped from "./limits.json" with { type: "json" };
import type { BenchResults, JobResult } from "./results.ts";

type Table = Readonly<Record<string, number>>;

export interface Limits {
  /** Kernel ÷ JavaScript loop, by case. */
  readonly kernels: Table;
  /** Job ÷ baseline, by job and baseline. */
  readonly jobs: Readonly<Record<string, Table>>;
  /** Generated loop ÷ C, by loop. */
  readonly generated: Table;
  /** Seconds that compiling may take, by figure. */
  readonly compiling: Table;
}

/** One ratio, or time in seconds, and the most that it may be. */
export interface Held {
  /** In words, with the unit: `join ÷ script`. */
  readonly figure: string;
  /** For `--only`. */
  readonly name: string;
  readonly part: "kernels" | "jobs";
  readonly measured: number;
  readonly limit: number | undefined;
}

/** `file`: "" for those that came with the program. */
export function readLimits(file: string): Limits {
  if (file === "") return shipped;
  if (!existsSync(file)) throw new UsageError(`the file of limits ${file} does not exist`);
  const text = readFileSync(file, "utf8");
  try {
    return { ...shipped, ...(JSON.parse(text) as Partial<Limits>) };
  } catch (error) {
    throw new FiresteelError("user", `${file} is not JSON`, { cause: error });
  }
}

/** Every ratio that there is a limit for, and every kernel case, which must have one. */
export function heldFigures(results: BenchResults, limits: Limits): Held[] {
  return [
    ...results.kernels.map(({ name, kernel, jsLoop }): Held => ({
      ...{ figure: `kernel "${name}" ÷ JavaScript loop`, name, part: "kernels" },
      measured: kernel.min / jsLoop.min,
      limit: limits.kernels[name],
    })),
    ...results.jobs.flatMap(job => heldJob(job, limits.jobs[job.name] ?? {})),
    ...results.generated.flatMap(({ name, generated, c }): Held[] => {
      if (c === undefined) return [];
      const measured = generated.min / c.min;
      return [
        {
          figure: `generated "${name}" ÷ C`,
          name: "generated",
          part: "kernels",
          measured,
          limit: limits.generated[name],
        },
      ];
    }),
    ...results.compiling
      .filter(({ name }) => limits.compiling[name] !== undefined)
      .map(({ name, timing }): Held => ({
        ...{ figure: `${name}, seconds`, name: "generated", part: "kernels" },
        measured: timing.min,
        limit: limits.compiling[name],
      })),
  ];
}

function heldJob(job: JobResult, limits: Table): Held[] {
  const [ours, ...others] = job.contenders;
  return others
    .filter(({ label }) => limits[label] !== undefined)
    .map(({ label, timing }) => ({
      ...{ figure: `job ${job.name} ÷ ${label}`, name: job.name, part: "jobs" as const },
      measured: ours!.timing.min / timing.min,
      limit: limits[label],
    }));
}

export function exceeds({ measured, limit }: Held): boolean {
  return limit === undefined || !(measured <= limit);
}

export function describeExcess({ figure, measured, limit }: Held): string {
  if (limit === undefined) return `${figure}: measured ${measured.toFixed(3)}, and the limits name none for it`;
  return `${figure}: measured ${measured.toFixed(3)}, the limit is ${limit}`;
}
