/** The commands that are timed: this very program on a job, and Bun, which the compiled binary also is, on a script. */
import { join } from "node:path";
import type { Command } from "./child.ts";
import { plainEnvironment } from "./measure.ts";
import type { Scratch } from "./scratch.ts";

const isCompiled = import.meta.url.includes("$bunfs") || import.meta.url.includes("~BUN");

export function firesteelCommand(scratch: Scratch, args: readonly string[]): Command {
  const program = isCompiled ? [process.execPath] : [process.execPath, join(import.meta.dirname, "../src/main.ts")];
  return { label: "firesteel", argv: [...program, ...args], env: plainEnvironment(), cwd: scratch.folder };
}

export interface JobRun {
  readonly job: string;
  readonly threads: number;
  readonly args: readonly (string | number)[];
  readonly conf?: Readonly<Record<string, string>>;
}

export function jobCommand(scratch: Scratch, { job, threads, args, conf = {} }: JobRun): Command {
  return firesteelCommand(scratch, [
    ...["run", "--quiet", "--master", `local[${threads}]`],
    ...Object.entries(conf).map(([key, value]) => `--conf=${key}=${value}`),
    scratch.source(`jobs/${job}.ts`),
    ...args.map(String),
  ]);
}

export function scriptCommand(scratch: Scratch, script: string, args: readonly (string | number)[]): Command {
  return {
    label: "script",
    argv: [process.execPath, scratch.source(`jobs/${script}-script.ts`), ...args.map(String)],
    env: { ...plainEnvironment(), BUN_BE_BUN: "1" },
    cwd: scratch.folder,
  };
}

/** Undefined where there is no compiler. */
export function cCommand(scratch: Scratch, source: string, args: readonly (string | number)[]): Command | undefined {
  const program = scratch.program(source);
  if (program === undefined) return undefined;
  return { label: "c", argv: [program, ...args.map(String)], env: plainEnvironment(), cwd: scratch.folder };
}
