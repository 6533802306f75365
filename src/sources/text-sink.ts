/**
 * saveAsTextFile's files. A task attempt writes `_temporary/attempt-<id>/part-<n>` and commits by renaming its directory to
 * `_temporary/done-<id>`. The job commits by moving up the parts of those attempts whose success counted, whatever others did
 * (one taken for lost may live on and commit as well), and writing `_SUCCESS` last, so a directory that has it is whole. An
 * aborted job leaves nothing.
 */
import { closeSync, mkdirSync, openSync, renameSync, rmdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { FiresteelError } from "../base/errors.ts";
import type { BytesColumn } from "../data/column.ts";
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { OutputDirectory, PartWriter, SourceMetrics } from "./contracts.ts";
import { formatRow } from "./format-row.ts";
import { LineBuffer } from "./line-buffer.ts";

const temporary = "_temporary";
const flushChars = 1 << 18;

/** Makes the directory, on the driver, before the job runs. Refused when anything of that name exists. */
export function createOutput(path: string): OutputDirectory {
  if (typeof path !== "string") {
    throw new FiresteelError("user", `saveAsTextFile needs a path, but got ${String(path)}`, {
      hint: "if it comes from the job's arguments, give one after the job file",
    });
  }
  if (path === "") throw new FiresteelError("user", "the output path is empty");
  const absolute = resolve(path);
  let whenExists = "a part of the path is a file";
  try {
    const createdParent = mkdirSync(dirname(absolute), { recursive: true });
    whenExists = "it already exists";
    mkdirSync(absolute);
    mkdirSync(join(absolute, temporary));
    return { path: absolute, ...(createdParent !== undefined && { createdParent }) };
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      EEXIST: whenExists,
      ENOTDIR: "a part of the path is a file",
      EACCES: "permission denied",
      EPERM: "permission denied",
    };
    throw new FiresteelError("user", `cannot create the output directory ${path}: ${reasons[code ?? ""] ?? message}`, {
      hint: code === "EEXIST" ? "remove it, or write to another path" : undefined,
      cause: thrown,
    });
  }
}

/** A part that takes columns of strings too. */
export interface TextPartWriter extends PartWriter {
  /** Writes the first rows of a column without making JavaScript strings of them, as far as memory allows; how many those are. */
  writeColumn(column: BytesColumn): number;
  /** Memory that `spill` would free, for others of the task. */
  readonly usedBytes: number;
  spill(): number;
}

/** One attempt's part, in a task. `attempt` is unique in the application; columns are written with `kernels`. */
export function openPart(
  output: OutputDirectory,
  partition: number,
  attempt: number,
  metrics: SourceMetrics,
  memory?: { readonly kernels: Kernels; readonly allocator: Allocator },
): TextPartWriter {
  return new TextPart(output, partition, attempt, metrics, memory);
}

/** Every partition has committed; now the output counts. `attempts` are those that count, by partition. */
export function commitOutput(output: OutputDirectory, attempts: readonly number[]): void {
  const staging = join(output.path, temporary);
  try {
    for (const [partition, attempt] of attempts.entries()) {
      const part = partName(partition);
      renameSync(join(staging, committedName(attempt), part), join(output.path, part));
    }
    rmSync(staging, { recursive: true, force: true });
    writeFileSync(join(output.path, "_SUCCESS"), "");
  } catch (thrown) {
    throw writeFailed(output.path, thrown);
  }
}

/** Removes what the job wrote and the directories that `createOutput` made. Never throws. */
export function abortOutput(output: OutputDirectory): void {
  try {
    rmSync(output.path, { recursive: true, force: true });
    if (output.createdParent === undefined) return;
    for (let at = dirname(output.path); at.length >= output.createdParent.length; at = dirname(at)) rmdirSync(at);
  } catch {
    // someone else's files are in the way: theirs stay
  }
}

class TextPart implements TextPartWriter {
  private readonly folder: string;
  private readonly file: string;
  private fd: number;
  private pending: string[] = [];
  private pendingChars = 0;
  private readonly lines: LineBuffer | undefined;

  constructor(
    private readonly output: OutputDirectory,
    partition: number,
    private readonly attempt: number,
    private readonly metrics: SourceMetrics,
    memory: { readonly kernels: Kernels; readonly allocator: Allocator } | undefined,
  ) {
    this.lines = memory && new LineBuffer(memory.kernels, memory.allocator, bytes => this.writeBytes(bytes));
    this.folder = join(output.path, temporary, `attempt-${attempt}`);
    this.file = join(this.folder, partName(partition));
    try {
      // not recursive: a task that outlives its aborted job must not bring the directory back
      mkdirSync(this.folder);
      this.fd = openSync(this.file, "wx");
    } catch (thrown) {
      throw writeFailed(output.path, thrown);
    }
  }

  write(rows: readonly unknown[]): void {
    if (rows.length === 0) return;
    this.lines?.flush();
    const text = rows.every(isString) ? rows.join("\n") : rows.map(formatRow).join("\n");
    this.pending.push(text, "\n");
    this.pendingChars += text.length + 1;
    this.metrics.add("rowsWritten", rows.length);
    if (this.pendingChars >= flushChars) this.flushStrings();
  }

  writeColumn(column: BytesColumn): number {
    if (this.lines === undefined || column.rows === 0) return 0;
    this.flushStrings();
    const rows = this.lines.add(column);
    this.metrics.add("rowsWritten", rows);
    return rows;
  }

  get usedBytes(): number {
    return this.lines?.heldBytes ?? 0;
  }

  spill(): number {
    const freed = this.usedBytes;
    this.lines?.flush();
    this.lines?.release();
    return freed;
  }

  commit(): void {
    this.flush();
    this.close();
    try {
      renameSync(this.folder, join(this.output.path, temporary, committedName(this.attempt)));
    } catch (thrown) {
      this.abort();
      throw writeFailed(this.output.path, thrown);
    }
  }

  abort(): void {
    this.close();
    this.pending = [];
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Of the two that hold lines only one does at a time. */
  private flush(): void {
    this.lines?.flush();
    this.flushStrings();
  }

  private flushStrings(): void {
    if (this.pending.length === 0) return;
    const bytes = Buffer.from(this.pending.join(""));
    this.pending = [];
    this.pendingChars = 0;
    this.writeBytes(bytes);
  }

  private writeBytes(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
    } catch (thrown) {
      throw writeFailed(this.output.path, thrown);
    }
    this.metrics.add("bytesWritten", bytes.length);
  }

  private close(): void {
    this.lines?.release();
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

function isString(row: unknown): boolean {
  return typeof row === "string";
}

function partName(partition: number): string {
  return `part-${String(partition).padStart(5, "0")}`;
}

function committedName(attempt: number): string {
  return `done-${attempt}`;
}

function writeFailed(path: string, thrown: unknown): FiresteelError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new FiresteelError("resource", `no space left on the disk of ${path}`, {
      hint: "free some space, or write elsewhere",
      cause: thrown,
    });
  }
  if (code === "ENOENT") {
    return new FiresteelError("resource", `cannot write to ${path}: the directory was removed while the job ran`, {
      hint: "leave it alone until the job has ended; on a cluster, write to a folder that all machines share",
      cause: thrown,
    });
  }
  return new FiresteelError("resource", `cannot write to ${path}: ${message}`, { cause: thrown });
}
