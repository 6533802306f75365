/**
 * A command that bytes are written to and read from, at the pace of the slower side: what it does not read yet is not taken from the
 * writer, and what nobody reads yet it cannot write. It leads a process group of its own, so that what it starts is ended with it.
 * What it says on its standard error goes to this process's, and its end is kept for messages.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { endGroup } from "./spawn-child.ts";

export interface PipedRequest {
  readonly command: readonly string[];
  readonly folder: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** How it ended. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

const tailCharacters = 2000;
/** From the polite signal to the other. */
const killAfterMs = 500;

export class PipedProcess {
  readonly pid: number | undefined;
  /** It could not be started. */
  failure: NodeJS.ErrnoException | undefined;
  /** After all that it wrote has been read. */
  ended: Ended | undefined;
  /** The last it said on its standard error. */
  stderrTail = "";
  private readonly child: ChildProcessWithoutNullStreams;
  private isFull = false;
  private inputClosed = false;
  private outputEnded = false;
  private killed = false;
  private exit: Ended | undefined;
  private wake = Promise.withResolvers<void>();

  constructor({ command, folder, environment }: PipedRequest, onExit: () => void) {
    const [file = "", ...args] = command;
    this.child = spawn(file, args, { cwd: folder, env: { ...environment }, detached: true });
    this.pid = this.child.pid;
    const { child } = this;
    child.on("error", error => {
      this.failure ??= error;
      this.changed();
    });
    child.on("exit", (exitCode, signal) => {
      this.exit = { exitCode: exitCode ?? undefined, signal: signal ?? undefined };
      onExit();
      this.settle();
    });
    // it need not read all of its input
    child.stdin.on("error", () => this.closeInput());
    child.stdin.on("close", () => this.closeInput());
    child.stdin.on("drain", () => {
      this.isFull = false;
      this.changed();
    });
    child.stdout.on("readable", () => this.changed());
    child.stdout.on("error", () => this.outputOver());
    child.stdout.on("end", () => this.outputOver());
    child.stdout.on("close", () => this.outputOver());
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text: string) => {
      if (!this.killed) process.stderr.write(text);
      this.stderrTail = (this.stderrTail + text).slice(-tailCharacters);
    });
    child.stderr.on("error", () => {});
  }

  /** It takes input, and has read enough of what it was given. */
  get wantsInput(): boolean {
    return !this.isFull && !this.inputClosed;
  }

  get takesInput(): boolean {
    return !this.inputClosed;
  }

  write(bytes: Uint8Array): void {
    if (!this.inputClosed && !this.child.stdin.write(bytes)) this.isFull = true;
  }

  endInput(): void {
    if (!this.inputClosed) this.child.stdin.end();
    this.inputClosed = true;
  }

  /** What it has written since; undefined when that is nothing. */
  read(): Uint8Array | undefined {
    return (this.child.stdout.read() as Uint8Array | null) ?? undefined;
  }

  /** Until something has changed, or for so long. */
  async changedWithin(maxMs: number): Promise<void> {
    const timer = setTimeout(() => this.changed(), maxMs);
    await this.wake.promise;
    clearTimeout(timer);
  }

  /** Ends it and what it started. What has ended already is left alone. */
  kill(): void {
    const { child, pid } = this;
    const isRunning = pid !== undefined && this.exit === undefined;
    this.killed = true;
    // first, or it would complain of a pipe that nobody reads
    if (isRunning) endGroup(pid, "SIGTERM");
    child.stdin.destroy();
    child.stdout.destroy();
    if (!isRunning) return;
    setTimeout(() => {
      if (this.exit === undefined) endGroup(pid, "SIGKILL");
    }, killAfterMs).unref();
  }

  private closeInput(): void {
    this.inputClosed = true;
    this.changed();
  }

  private outputOver(): void {
    this.outputEnded = true;
    this.settle();
  }

  private settle(): void {
    if (this.outputEnded) this.ended = this.exit;
    this.changed();
  }

  private changed(): void {
    this.wake.resolve();
    this.wake = Promise.withResolvers();
  }
}
