/**
 * The commands and their options as one table: the parser, the help texts and the "did you mean" all read it. Adding a command
 * is an entry here and a module in `run-command.ts`.
 */
import { clusterCommands } from "./cluster-commands.ts";
import { type CommandSpec, conf, help, type OptionSpec, propertiesFile, secretFile } from "./command-spec.ts";

export type { CommandSpec, OptionSpec } from "./command-spec.ts";

const jobOptions: readonly OptionSpec[] = [
  {
    name: "master",
    value: "URL",
    meaning:
      "where to run: local, local[K], local[K,F], local[*] (default), local[*,F], local-cluster[W,C,M], firesteel://host:port[,host:port…]",
  },
  conf,
  { name: "name", value: "NAME", meaning: "the application's name (default: the job file's)" },
  { name: "entry", value: "NAME", meaning: "the job file's export to run (default: its default export)" },
  propertiesFile,
];

const jobNotes = `A job file exports a function: export default async function main(ctx, args) { … }
Options before the job file are firesteel's, what follows it is the job's.
What the job's code sets wins over the command line, that over the environment
(FIRESTEEL_EXECUTOR_MEMORY for firesteel.executor.memory), that over the properties file.

Exit code: 0 done, 1 the job failed, 2 wrong usage, 130 after Ctrl-C (a second Ctrl-C does not wait).`;

const benchOptions: readonly OptionSpec[] = [
  { name: "only", value: "A,B", meaning: "these jobs and families of kernels alone" },
  { name: "quick", meaning: "small sizes and few runs, kernels without C" },
  { name: "runs", value: "N", meaning: "how often each contender runs after a warm-up (default: 5; quick: 3)" },
  {
    name: "rows",
    value: "N",
    meaning: "rows of the jobs over ranges, the other jobs in proportion (default: 10000000; quick: 4000000)",
  },
  {
    name: "megabytes",
    value: "N",
    meaning: "size of the text and of what tera-sort sorts (default: 200; quick: 50 and 30)",
  },
  { name: "threads", value: "K", meaning: "task threads: local[K] (default: 2)" },
  { name: "spark", value: "HOME", meaning: "run the jobs on the Spark in this folder too" },
  { name: "report", value: "FILE", valueOptional: true, meaning: "write an HTML page (default: firesteel-bench.html)" },
  { name: "markdown", meaning: "print the tables as Markdown, and all else to stderr" },
  { name: "guard", meaning: "small sizes, and exit 1 when a ratio exceeds its limit" },
  { name: "limits", value: "FILE", meaning: "limits for --guard other than the program's own" },
  { name: "scratch", value: "FOLDER", meaning: "where inputs and outputs go (default: the system's temporary folder)" },
  help,
];

const benchNotes = `Kernels are timed beside JavaScript loops, jobs beside scripts for one thread, and both beside C where a compiler
is at hand. All contenders of a job take turns, and their answers are compared before times are printed: medians, the
fastest and the slowest run, peak memory. The part memory runs only when it is named: it takes minutes.`;

export const commands = {
  run: {
    summary: "run a job",
    operands: "job.ts [args…]",
    operandsMin: 1,
    operandsMax: Infinity,
    jobFirst: true,
    options: [...jobOptions, secretFile, { name: "quiet", short: "q", meaning: "no progress and no summary" }, help],
    notes: jobNotes,
  },
  explain: {
    summary: "print what each action of a job would do, without doing it",
    operands: "job.ts [args…]",
    operandsMin: 1,
    operandsMax: Infinity,
    jobFirst: true,
    options: [...jobOptions, help],
    notes: `Actions resolve at once to what they give of no rows, so code that depends on their results may stop early; explain
says where. What the job prints is not shown. Other effects of its own code happen: only Firesteel's are left out.`,
  },
  bundle: {
    summary: "write a job with its modules and packages as one file",
    operands: "job.ts",
    operandsMin: 1,
    operandsMax: 1,
    jobFirst: false,
    options: [{ name: "output", short: "o", value: "FILE", meaning: "where to write it (required)" }, help],
  },
  ...clusterCommands,
  bench: {
    summary: "measure this program beside scripts, C and Spark",
    operands: "[kernels|jobs|startup|memory]",
    operandChoices: ["kernels", "jobs", "startup", "memory"],
    operandsMin: 0,
    operandsMax: 1,
    jobFirst: false,
    options: benchOptions,
    notes: benchNotes,
  },
  version: {
    summary: "print the version",
    operands: "",
    operandsMin: 0,
    operandsMax: 0,
    jobFirst: false,
    options: [help],
  },
  help: {
    summary: "print help on a command, or on the configuration keys (`help config`)",
    operands: "[command]",
    operandsMin: 0,
    operandsMax: 1,
    jobFirst: false,
    options: [help],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof commands;

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** Options that are settings with a shorter spelling. */
export const settingOptions = {
  master: "firesteel.master",
  name: "firesteel.app.name",
  entry: "firesteel.app.entry",
  class: "firesteel.app.entry",
  "executor-memory": "firesteel.executor.memory",
  "executor-cores": "firesteel.executor.cores",
  "num-executors": "firesteel.executor.instances",
  "total-executor-cores": "firesteel.cores.max",
  files: "firesteel.files",
  "recovery-dir": "firesteel.deploy.recoveryDirectory",
} as const;
