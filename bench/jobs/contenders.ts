/** Who runs a job: this program, the script for one thread, and C, or what comes closest to it. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../child.ts";
import { openProcess, openServer, type Contender } from "../contender.ts";
import { plainEnvironment } from "../measure.ts";
import { cCommand, jobCommand, scriptCommand } from "../programs.ts";
import type { Scratch } from "../scratch.ts";
import { writeRecords } from "./records.ts";
import type { JobSpec, Sizes } from "./specs.ts";
import { writeText } from "./text.ts";

/** Above this the script would need more memory than most machines have: strings of all lines, and a copy. */
const scriptSortBytesMax = 500e6;
const sortMemory = "256m";

export interface JobRunOptions {
  readonly sizes: Sizes;
  readonly threads: number;
}

export function openContenders(scratch: Scratch, spec: JobSpec, options: JobRunOptions): Contender[] {
  if (spec.name === "tera-sort") return sortContenders(scratch, spec, options);
  const input = spec.input === undefined ? spec.count(options.sizes) : inputFile(scratch, spec, options.sizes);
  const open = spec.timed === "server" ? openServer : openProcess;
  const c = spec.hasC ? cCommand(scratch, `native/jobs/${spec.name}.c`, [input]) : undefined;
  return [
    open(jobCommand(scratch, { job: spec.name, threads: options.threads, args: [input, options.threads] })),
    open(scriptCommand(scratch, spec.name, [input])),
    ...(c === undefined ? [] : [open(c)]),
  ];
}

/** This program alone. */
export function openOurs(scratch: Scratch, spec: JobSpec, { sizes, threads }: JobRunOptions): Contender {
  const args = [spec.count(sizes), threads];
  return openServer(jobCommand(scratch, { job: spec.name, threads, args }));
}

function sortContenders(scratch: Scratch, spec: JobSpec, { sizes, threads }: JobRunOptions): Contender[] {
  const input = inputFile(scratch, spec, sizes);
  const sorted = (command: (output: string) => Command): Contender => {
    const output = scratch.path(`sorted/${command("").label}`);
    return openProcess(command(output), {
      before: () => rmSync(output, { recursive: true, force: true }),
      answer: async () => {
        const answer = await digestOf(output);
        rmSync(output, { recursive: true });
        return answer;
      },
    });
  };
  // local dirs and sort's own temporary files lie on the same disk
  const conf = { "firesteel.executor.memory": sortMemory, "firesteel.local.dirs": scratch.path("local") };
  const ours = (output: string) =>
    jobCommand(scratch, { job: spec.name, threads, args: [input, output, threads * 4], conf });
  const contenders = [sorted(ours)];
  if (sizes.sortBytes <= scriptSortBytesMax)
    contenders.push(sorted(output => scriptCommand(scratch, spec.name, [input, output])));
  if (hasSort()) contenders.push(sorted(output => sortCommand(scratch, input, output, threads)));
  return contenders;
}

function sortCommand(scratch: Scratch, input: string, output: string, threads: number): Command {
  const argv = ["sort", "-S", "256M", `--parallel=${threads}`, "-T", scratch.folder, "-o", output, input];
  return { label: "sort", argv, env: { ...plainEnvironment(), LC_ALL: "C" }, cwd: scratch.folder };
}

/** GNU's: others have no --parallel. */
export function hasSort(): boolean {
  return sortVersion() !== undefined;
}

export function sortVersion(): string | undefined {
  const { status, stdout } = spawnSync("sort", ["--version"], { encoding: "utf8" });
  const [first] = (stdout ?? "").split("\n");
  return status === 0 && first!.includes("GNU") ? first : undefined;
}

/** Made once a size, and the same every time. */
export function inputFile(scratch: Scratch, spec: JobSpec, sizes: Sizes): string {
  const path = scratch.path(`input/${spec.input}`);
  if (existsSync(path)) return path;
  if (spec.input === "text") writeText(path, sizes.textBytes);
  else writeRecords(path, spec.count(sizes));
  return path;
}

/** Of a file, or of the part files of a folder, one after the other. */
async function digestOf(path: string): Promise<string> {
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter(name => name.startsWith("part-"))
        .sort()
        .map(name => join(path, name))
    : [path];
  const hash = createHash("sha1");
  for (const file of files) for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}
