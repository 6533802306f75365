/**
 * A partition's rows as lines to a command of its own, and the command's lines as rows. One loop writes and reads, when rows are asked
 * for: nothing runs ahead of who reads, and little is kept of what the command has not taken yet.
 */
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { FiresteelError } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";
import { PipedProcess } from "../platform/piped-process.ts";
import type { PipePlan } from "../plan/nodes.ts";
import { formatRow } from "../sources/format-row.ts";
import { type Chunk, chunkRows, type ChunkSource, chunkToRows } from "./chunk.ts";
import { openPlan } from "./open.ts";
import type { TaskEnv } from "./task-env.ts";

/** Text that is written at once, about. */
const writtenCharacters = 64 * 1024;
/** How often a task that waits for its command looks whether it is cancelled. */
const lookEveryMs = 50;

export function openPipe(plan: PipePlan, partition: number, env: TaskEnv): ChunkSource {
  const source = openPlan(plan.parent, partition, env);
  let pipe: Pipe | undefined;
  return {
    next: () => (pipe ??= new Pipe(plan, source, env)).next(),
    close() {
      pipe?.close();
      source.close();
    },
  };
}

class Pipe {
  private readonly child: PipedProcess;
  private rows: readonly unknown[] = [];
  private nextRow = 0;
  private sourceEnded = false;
  private readonly decoder: StringDecoder;
  /** Lines that are complete, and the text after them. */
  private lines: string[] = [];
  private rest = "";
  private ended = false;
  private readonly lineCharactersMax: number;

  constructor(
    private readonly plan: PipePlan,
    private readonly source: ChunkSource,
    private readonly env: TaskEnv,
  ) {
    this.decoder = new StringDecoder(plan.encoding);
    this.lineCharactersMax = env.setting("firesteel.text.maxLineBytes") as number;
    const { cwd, command } = plan;
    if (cwd !== undefined && !existsSync(cwd)) {
      throw new FiresteelError(
        "user",
        `the folder ${cwd} that pipe was told to run ${name(command)} in does not exist`,
        {
          hint: "it must exist where executors run",
          at: plan.at,
        },
      );
    }
    try {
      this.child = new PipedProcess({ command, folder: cwd, environment: { ...process.env, ...plan.env } }, () => {
        if (this.child.pid !== undefined) env.noteProcess?.(this.child.pid, false);
      });
    } catch (thrown) {
      throw notStarted(thrown as NodeJS.ErrnoException, plan);
    }
    if (this.child.pid !== undefined) env.noteProcess?.(this.child.pid, true);
  }

  async next(): Promise<Chunk | undefined> {
    const { child, env, plan } = this;
    for (;;) {
      env.checkpoint(plan);
      if (child.failure !== undefined) throw notStarted(child.failure, plan);
      const bytes = this.lines.length < chunkRows ? child.read() : undefined;
      if (bytes !== undefined) this.take(this.decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
      if (this.lines.length > 0) return { kind: "rows", rows: this.lines.splice(0, chunkRows) };
      if (bytes !== undefined) continue;
      if (child.ended !== undefined) return this.lastRow();
      if (!this.sourceEnded && child.wantsInput) await this.feed();
      else await child.changedWithin(lookEveryMs);
    }
  }

  close(): void {
    this.child.kill();
  }

  /** The next lines for the command, or the end. */
  private async feed(): Promise<void> {
    const { child, source, env } = this;
    if (this.nextRow === this.rows.length) {
      const chunk = await source.next();
      if (chunk === undefined) {
        this.sourceEnded = true;
        child.endInput();
        return;
      }
      this.rows = chunkToRows(env.kernels, chunk);
      this.nextRow = 0;
    }
    let text = "";
    while (this.nextRow < this.rows.length && text.length < writtenCharacters)
      text += `${formatRow(this.rows[this.nextRow++])}\n`;
    if (text !== "") child.write(Buffer.from(text, this.plan.encoding));
  }

  private take(text: string): void {
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.lines.push(withoutReturn(this.rest + text.slice(from, end)));
      this.rest = "";
      from = end + 1;
    }
    this.rest += text.slice(from);
    if (this.rest.length <= this.lineCharactersMax) return;
    const { command, at } = this.plan;
    throw new FiresteelError(
      "data",
      `${name(command)} gave pipe a line of more than ${formatBytes(this.lineCharactersMax)}`,
      { hint: "raise firesteel.text.maxLineBytes, or have the command write shorter lines", at },
    );
  }

  /** A last line needs no end. */
  private lastRow(): Chunk | undefined {
    if (this.ended) return undefined;
    this.ended = true;
    const { exitCode, signal } = this.child.ended!;
    if (exitCode !== 0) throw this.failed(signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`);
    this.take(this.decoder.end());
    const rows = [...this.lines, ...(this.rest === "" ? [] : [withoutReturn(this.rest)])];
    return rows.length === 0 ? undefined : { kind: "rows", rows };
  }

  private failed(how: string): FiresteelError {
    const { command, at } = this.plan;
    const said = this.child.stderrTail.trim();
    return new FiresteelError("user", `${name(command)}, which pipe ran, ended with ${how}${said && `: ${said}`}`, {
      hint:
        said === ""
          ? `an exit code other than 0 fails the task; where it does not matter: ["sh", "-c", "… || true"]`
          : undefined,
      at,
    });
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function notStarted(error: NodeJS.ErrnoException, { command, at }: PipePlan): FiresteelError {
  const isMissing = error.code === "ENOENT";
  const why = isMissing ? "there is no such command" : (error.code ?? error.message);
  return new FiresteelError("user", `pipe cannot run ${name(command)}: ${why}`, {
    hint: isMissing
      ? "it must be on the PATH where executors run, or be given with its path"
      : "look at the file's permissions",
    at,
  });
}

const nameCharactersMax = 80;

function name(command: readonly string[]): string {
  const text = command.join(" ");
  return JSON.stringify(text.length > nameCharactersMax ? `${text.slice(0, nameCharactersMax)}…` : text);
}
