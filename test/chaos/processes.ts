/**
 * Processes of the program with all that they say, and every process that carries a run's mark in its environment, which children
 * inherit. Linux: what is there is read from /proc.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const mark = "CHAOS_MARK";
const tailChars = 6000;

export interface Logged {
  readonly name: string;
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
  readonly hasEnded: () => boolean;
}

export interface Seen {
  readonly pid: number;
  /** Ticks since the machine's start: another process with the same id has another. */
  readonly started: string;
  readonly args: readonly string[];
}

export class Processes {
  readonly all: Logged[] = [];

  constructor(
    private readonly program: readonly string[],
    private readonly folder: string,
    private readonly name: string,
  ) {}

  start(name: string, args: readonly string[]): Logged {
    const child = spawn(this.program[0]!, [...this.program.slice(1), ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH ?? "", TMPDIR: `${this.folder}/tmp`, [mark]: this.name },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { out: "", err: "" };
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (texts.out += text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (texts.err += text));
    let hasEnded = false;
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", code => {
        hasEnded = true;
        resolve(code);
      });
    });
    const logged = { name, child, ended, out: () => texts.out, err: () => texts.err, hasEnded: () => hasEnded };
    this.all.push(logged);
    return logged;
  }

  /** Of this run, alive, in the order in which they were started. */
  seen(command?: string): Seen[] {
    return readdirSync("/proc")
      .filter(name => /^\d+$/.test(name))
      .flatMap(name => {
        try {
          if (!readFileSync(`/proc/${name}/environ`, "latin1").includes(`${mark}=${this.name}\0`)) return [];
          const args = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
          const stat = statOf(Number(name));
          if (stat === undefined || stat.state === "Z" || (command !== undefined && !args.includes(command))) return [];
          return [{ pid: Number(name), started: stat.started, args }];
        } catch {
          return []; // it has ended
        }
      })
      .sort((a, b) => Number(a.started) - Number(b.started) || a.pid - b.pid);
  }

  killAll(): void {
    for (const { pid } of this.seen()) tryKill(pid, "SIGKILL");
  }

  tails(): string {
    return this.all
      .map(({ name, child, out, err }) => {
        const how = child.exitCode ?? child.signalCode ?? "still runs";
        return `---- ${name} (process ${child.pid}, ${how})\n${tail(printable(out()), 1500)}\n-- stderr\n${tail(err())}`;
      })
      .join("\n");
  }
}

/** Results are long lines. */
function printable(text: string): string {
  return text.replace(/^(.{200}).+$/gm, (_, start: string) => `${start}…`);
}

function tail(text: string, chars = tailChars): string {
  return text.length <= chars ? text : `…${text.slice(-chars)}`;
}

export function statOf(
  pid: number,
): { readonly state: string; readonly parent: number; readonly started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // the name, in parentheses, may hold anything
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, parent: Number(fields[1]), started: fields[19]! };
  } catch {
    return undefined;
  }
}

export function isAlive({ pid, started }: Seen): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.started === started && !["Z", "X"].includes(stat.state);
}

export function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}

/** Rejects with what was waited for when it does not come in time. */
export async function waitFor<T>(what: string, timeoutMs: number, look: () => T | undefined | false): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
