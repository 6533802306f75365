/**
 * Options of Firesteel's own behind the job file are the job's arguments, as Spark has it, which is rarely what was meant: one
 * line says so. Options that jobs have themselves, such as --help, pass; `firesteel.log.level=error` leaves the line out.
 */
import type { Config } from "../base/config.ts";
import type { Invocation } from "./command-line.ts";
import { commands, type CommandSpec } from "./commands.ts";

const jobsOwn: readonly string[] = ["help", "version", "verbose"];

export function tellPassedOn(invocation: Invocation, conf: Config): void {
  const warning = passedOn(invocation);
  // the worker of a driver has no part in what was typed
  const typedHere = process.env.FIRESTEEL_INTERNAL_REPORT === undefined;
  if (warning === undefined || !typedHere || conf.get("firesteel.log.level") === "error") return;
  process.stderr.write(`warning: ${warning}\n`);
}

/** What is to be said, if anything. Only what stands before a `--` counts. */
export function passedOn({ command, operands: [job, ...args] }: Invocation): string | undefined {
  const spec: CommandSpec = commands[command];
  const own = new Set(spec.options.map(({ name }) => name).filter(name => !jobsOwn.includes(name)));
  const end = args.indexOf("--");
  const words = (end < 0 ? args : args.slice(0, end)).filter(word => word.startsWith("--"));
  const names = [...new Set(words.map(word => word.slice(2).split("=")[0]!))].filter(name => own.has(name));
  if (names.length === 0) return undefined;
  const one = names.length === 1;
  const given = names.map(name => `--${name}`).join(", ");
  return (
    `${given} ${one ? "stands" : "stand"} behind ${job} and went to the job's arguments: ` +
    `write firesteel's own options before it, firesteel ${command} --${names[0]} … ${job}`
  );
}
