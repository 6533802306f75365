/** How long the program takes from start to exit: `version`, and `run` of a job that does nothing. Whole processes. */
import { writeFileSync } from "node:fs";
import { openProcess } from "./contender.ts";
import { timing } from "./measure.ts";
import { firesteelCommand } from "./programs.ts";
import type { FigureResult } from "./results.ts";
import type { Scratch } from "./scratch.ts";

const emptyJob =
  'import type { Context } from "firesteel";\nexport default async function main(_ctx: Context): Promise<void> {}\n';

export async function runStartup(
  scratch: Scratch,
  options: { readonly runs: number; readonly threads: number },
): Promise<FigureResult[]> {
  const job = scratch.path("startup/empty.ts");
  writeFileSync(job, emptyJob);
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ["firesteel version", ["version"]],
    ["firesteel run, an empty job", ["run", "--quiet", "--master", `local[${options.threads}]`, job]],
  ];
  const contenders = commands.map(([name, args]) => ({ name, program: openProcess(firesteelCommand(scratch, args)) }));
  const seconds = new Map<string, number[]>(commands.map(([name]) => [name, []]));
  for (let i = 0; i <= options.runs; i++) {
    for (const { name, program } of contenders) {
      const run = await program.once();
      // the first run finds a cold cache
      if (i > 0) seconds.get(name)!.push(run.seconds);
    }
  }
  return [...seconds].map(([name, own]) => ({ name, timing: timing(own) }));
}
