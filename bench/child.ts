/**
 * A child process whose output is read line by line and whose peak memory is known when it has ended: what
 * getrusage tells, unless that is no more than the most of this process, which Linux counts as the child's until it executes its
 * own program; then what the child's status told last.
 */
import { readFileSync } from "node:fs";

export interface Command {
  readonly label: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Child {
  write(text: string): void;
  /** Undefined at the end of its output. */
  readLine(): Promise<string | undefined>;
  /** Closes its input, waits for its end; throws when it failed. `output` is what was not read by line. */
  end(): Promise<{ readonly output: string; readonly peakBytes: number }>;
  /** What to throw when it answered something else than it should. */
  failure(line: string | undefined): Promise<Error>;
}

const errorTextMax = 4000;
const statusEveryMs = 10;

/** The most memory that a running process has held; undefined where there is no /proc, and when it has ended. */
function highWaterBytes(pid: number): number | undefined {
  try {
    const kilobytes = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

export function openChild(command: Command, stdin: "pipe" | "ignore"): Child {
  const ownBytes = process.resourceUsage().maxRSS * 1024;
  const child = Bun.spawn([...command.argv], {
    ...{ cwd: command.cwd, env: command.env, stdout: "pipe", stderr: "pipe" },
    stdin: stdin === "pipe" ? "pipe" : "ignore",
  });
  const errors = new Response(child.stderr).text();
  const reader = child.stdout
    .pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>;
  let rest = "";
  let ended = false;
  const more = async () => {
    const { value, done } = await reader.read();
    if (done) ended = true;
    else rest += value;
  };
  let seenBytes: number | undefined;
  const look = () => void (seenBytes = highWaterBytes(child.pid) ?? seenBytes);
  // a server is looked at when it has done its last run
  const looking = stdin === "ignore" ? setInterval(look, statusEveryMs) : undefined;
  const failed = async (what: string) =>
    new Error(`${command.argv.join(" ")}\n${what}\n${rest}${(await errors).slice(-errorTextMax)}`);
  return {
    write(text) {
      const input = child.stdin as Bun.FileSink;
      input.write(text);
      void input.flush();
    },
    async readLine() {
      while (!ended && !rest.includes("\n")) await more();
      const at = rest.indexOf("\n");
      if (at < 0) return undefined;
      const line = rest.slice(0, at);
      rest = rest.slice(at + 1);
      return line;
    },
    async end() {
      look();
      if (stdin === "pipe") void (child.stdin as Bun.FileSink).end();
      while (!ended) await more();
      const code = await child.exited;
      clearInterval(looking);
      if (code !== 0) throw await failed(`exited with ${child.signalCode ?? code}`);
      const usedBytes = child.resourceUsage()?.maxRSS ?? 0;
      return { output: rest, peakBytes: usedBytes > ownBytes ? usedBytes : (seenBytes ?? usedBytes) };
    },
    async failure(line) {
      child.kill();
      await child.exited;
      return failed(line === undefined ? "ended before it answered" : `answered "${line}"`);
    },
  };
}
