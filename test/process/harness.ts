/**
 * Runs the program as a process in a folder of its own, with a deadline, and looks what it leaves behind: files in its folder,
 * in its temporary folder, and processes that carry its mark. What it says is compared to a golden, which UPDATE_GOLDENS=1
 * writes anew. The program is `dist/firesteel` when it is newer than the sources, else the sources under this Bun;
 * FIRESTEEL_TEST_PROGRAM=source or =binary decides.
 */
import { expect } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "../..");
const jobs = join(import.meta.dirname, "jobs");
const golden = join(import.meta.dirname, "golden");
/** Against programs that hang: far above what one takes, for machines with other work. */
const deadlineMs = 90_000;
/** Of a test that runs the program once; each file sets it for itself. */
export const testTimeoutMs = deadlineMs + 5_000;
const mark = "FIRESTEEL_TEST_MARK";

export interface Run {
  /** A file of jobs/, which is copied to the folder and run there; or none, when `args` is the whole command line. */
  readonly job?: string;
  readonly args?: readonly string[];
  readonly master?: string;
  readonly conf?: Readonly<Record<string, string>>;
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Makes what the job reads. */
  readonly setUp?: (folder: string) => void;
  /** Where to start the program, relative to the folder … */
  readonly cwd?: string;
  /** … and what to call the job there. */
  readonly runAs?: string;
  /** Names that the run may add to its folder. */
  readonly leaves?: readonly string[];
  /** Looks at what is there when the program has ended. */
  readonly look?: (folder: string) => void;
}

export interface Outcome {
  readonly command: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly outcome: Promise<Outcome>;
}

export const program: readonly string[] = chooseProgram();

function chooseProgram(): readonly string[] {
  const binary = join(root, "dist/firesteel");
  const choice = process.env.FIRESTEEL_TEST_PROGRAM;
  const isFresh = () => {
    if (!existsSync(binary)) return false;
    const built = statSync(binary).mtimeMs;
    return readdirSync(join(root, "src"), { recursive: true }).every(
      name => statSync(join(root, "src", String(name))).mtimeMs <= built,
    );
  };
  return choice === "binary" || (choice !== "source" && isFresh())
    ? [binary]
    : [process.execPath, join(root, "src/main.ts")];
}

export function run(run: Run): Promise<Outcome> {
  return start(run).outcome;
}

export function start(run: Run): Running {
  const { folder, before, environment, argv } = prepare(run);
  const child = spawn(program[0]!, [...program.slice(1), ...argv], {
    cwd: join(folder, run.cwd ?? "."),
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const command = ["firesteel", ...argv].map(plain).join(" ");
  const outcome = ended(child, command).then(given => {
    expect(leftBehind(folder, before, run.leaves ?? [], environment[mark]!)).toEqual([]);
    run.look?.(folder);
    return withoutPlaces({ ...given, err: withoutProgress(given.err) }, folder);
  });
  return { child, folder, outcome: outcome.finally(() => rmSync(folder, { recursive: true, force: true })) };
}

function ended(child: ChildProcess, command: string): Promise<Outcome> {
  const texts = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (texts.out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (texts.err += text));
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${command} did not end within ${deadlineMs} ms\n${texts.out}\n${texts.err}`));
    }, deadlineMs);
    child.on("close", (code, signal) => {
      clearTimeout(deadline);
      resolve({ command, code, signal, ...texts });
    });
  });
}

/** A folder with the job and its input, and what to start there. */
export function prepare(run: Run) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "firesteel-test-")));
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  if (run.job !== undefined) copyFileSync(join(jobs, run.job), join(folder, basename(run.job)));
  run.setUp?.(folder);
  const options = [
    ...(run.options ?? []),
    ...Object.entries(run.conf ?? {}).flatMap(([key, value]) => ["--conf", `${key}=${value}`]),
  ];
  const argv =
    run.job === undefined
      ? [...(run.args ?? [])]
      : ["run", "--master", run.master ?? "local[1]", ...options, run.runAs ?? run.job, ...(run.args ?? [])];
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? "",
    TMPDIR: temporary,
    [mark]: basename(folder),
    ...run.env,
  };
  return { folder, before: new Set(readdirSync(folder)), environment, argv };
}

/** Files and processes that should not be there. */
export function leftBehind(
  folder: string,
  before: ReadonlySet<string>,
  leaves: readonly string[],
  name: string,
): string[] {
  const files = readdirSync(folder).filter(file => !before.has(file) && !leaves.includes(file));
  return [...files, ...readdirSync(join(folder, "tmp")), ...processesWith(`${mark}=${name}`)];
}

function processesWith(variable: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(variable);
      } catch {
        return false; // it has ended
      }
    })
    .map(pid => `process ${pid}`);
}

/** Stages that take seconds say how far they are: any may, on a machine with other work. */
function withoutProgress(text: string): string {
  return text.replace(/^stage \d+ \(.*\): (?:\d+ of \d+ tasks done|\w+ in [\d.]+ \w+)\n/gm, "");
}

function withoutPlaces(outcome: Outcome, folder: string): Outcome {
  const clean = (text: string) =>
    text.replaceAll(folder, "<folder>").replace(/firesteel-\d+-[0-9a-f]{12}/g, "firesteel-<process>");
  return { ...outcome, command: clean(outcome.command), out: clean(outcome.out), err: clean(outcome.err) };
}

function plain(word: string): string {
  return /^[\w@%+=:,./*[\]<>-]+$/.test(word) ? word : JSON.stringify(word);
}

/** `adjust` takes out what differs from run to run. */
export function expectGolden(name: string, outcome: Outcome, adjust: (text: string) => string = text => text): void {
  const end = outcome.signal === null ? `exit ${outcome.code}` : `ended by ${outcome.signal}`;
  const parts = [
    `$ ${outcome.command}`,
    end,
    ...section("stdout", outcome.out),
    ...section("stderr", adjust(outcome.err)),
  ];
  const text = `${parts.join("\n").trimEnd()}\n`;
  const path = join(golden, `${name}.txt`);
  if (process.env.UPDATE_GOLDENS === "1") writeFileSync(path, text);
  if (!existsSync(path)) throw new Error(`${path} does not exist; UPDATE_GOLDENS=1 writes it`);
  expect(text).toBe(readFileSync(path, "utf8"));
}

function section(name: string, text: string): string[] {
  return text === "" ? [] : [`-- ${name}`, text.trimEnd()];
}

/** Figures of memory and time, which depend on the machine, shares of kernels, and the spaces that align them. */
export function withoutFigures(text: string): string {
  return text
    .replace(/\d+(?:\.\d+)? (?:[KMG]i)?B\b/g, "<bytes>")
    .replace(/\d+(?:\.\d+)? (?:ms|s)\b/g, "<time>")
    .replace(/\d+ %/g, "<share>")
    .replace(/(\S) {2,}/g, "$1  ");
}

/** Resolves when the file is there. */
export async function fileAppears(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise(resolve => setTimeout(resolve, 2));
}
