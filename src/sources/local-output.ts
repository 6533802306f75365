/**
 * Outputs in local directories, and those that are mounted everywhere. A task attempt writes `_temporary/attempt-<id>/part-<n>` and
 * commits by renaming its directory to `_temporary/done-<id>`. The job commits by moving up the parts of those attempts whose
 * success counted, whatever others did (one taken for lost may live on and commit as well), and writing `_SUCCESS` last, so
 * a directory that has it is whole. An aborted job leaves nothing.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { FiresteelError } from "../base/errors.ts";
import { systemReason, writeHint } from "../base/system-errors.ts";
import type { SourceMetrics } from "./contracts.ts";
import type { CommittedPart, OutputCommitter, OutputDirectory, PartFile } from "./output-committer.ts";

const temporary = "_temporary";
const aborted = "_aborted";
const removalsMax = 100;

/** All of it synchronous. */
export interface LocalOutput extends OutputCommitter {
  createOutput(path: string): OutputDirectory;
  openPart(output: OutputDirectory, file: string, attempt: number, metrics: SourceMetrics): LocalPart;
  commitOutput(output: OutputDirectory, parts: readonly CommittedPart[]): void;
  abortOutput(output: OutputDirectory): void;
}

export const localOutput: LocalOutput = {
  createOutput(path) {
    const absolute = resolve(path.replace(/^file:(?:\/\/[^/]*(?=\/))?/i, ""));
    let whenExists = "a part of the path is a file";
    try {
      const createdParent = mkdirSync(dirname(absolute), { recursive: true });
      whenExists = "it already exists";
      mkdirSync(absolute);
      mkdirSync(join(absolute, temporary));
      return { path: absolute, ...(createdParent !== undefined && { createdParent }) };
    } catch (thrown) {
      throw createFailed(path, whenExists, thrown);
    }
  },

  openPart: (output, file, attempt, metrics) => new LocalPart(output.path, file, attempt, metrics),

  commitOutput({ path }, parts) {
    const staging = join(path, temporary);
    try {
      for (const { file, attempt } of parts) renameSync(join(staging, committedName(attempt), file), join(path, file));
      removeAll(staging);
      writeFileSync(join(path, "_SUCCESS"), "");
    } catch (thrown) {
      throw writeFailed(path, thrown);
    }
  },

  abortOutput({ path, createdParent }) {
    try {
      // under another name tasks that still run find no folder to write to, so nothing is added to what is being removed
      renameSync(join(path, temporary), join(path, aborted));
    } catch {
      // it is gone
    }
    try {
      removeAll(path);
      if (createdParent === undefined) return;
      for (let at = dirname(path); at.length >= createdParent.length; at = dirname(at)) rmdirSync(at);
    } catch {
      // someone else's files are in the way: theirs stay
    }
  },
};

/** Removes a folder that tasks may be renaming in: what moves meanwhile ends a removal early, with an error or without. */
function removeAll(path: string): void {
  for (let round = 1; existsSync(path); round++) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (thrown) {
      if (round >= removalsMax) throw thrown;
    }
    if (round >= removalsMax) return;
  }
}

class LocalPart implements PartFile {
  private readonly folder: string;
  private fd: number;

  constructor(
    private readonly path: string,
    file: string,
    private readonly attempt: number,
    private readonly metrics: SourceMetrics,
  ) {
    this.folder = join(path, temporary, `attempt-${attempt}`);
    try {
      // not recursive: a task that outlives its aborted job must not bring the directory back
      mkdirSync(this.folder);
      this.fd = openSync(join(this.folder, file), "wx");
    } catch (thrown) {
      throw writeFailed(path, thrown);
    }
  }

  write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
    } catch (thrown) {
      throw writeFailed(this.path, thrown);
    }
    this.metrics.add("bytesWritten", bytes.length);
  }

  commit(): void {
    this.close();
    try {
      renameSync(this.folder, join(this.path, temporary, committedName(this.attempt)));
    } catch (thrown) {
      this.abort();
      throw writeFailed(this.path, thrown);
    }
  }

  abort(): void {
    this.close();
    try {
      rmSync(this.folder, { recursive: true, force: true });
    } catch {
      // what stays goes with the job's staging folder
    }
  }

  private close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

function committedName(attempt: number): string {
  return `done-${attempt}`;
}

function createFailed(path: string, whenExists: string, thrown: unknown): FiresteelError {
  const { code } = thrown as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = { EEXIST: whenExists, ENOENT: "no folder can be made there" };
  const reason = reasons[code ?? ""] ?? systemReason(thrown);
  return new FiresteelError("user", `cannot create the output directory ${path}: ${reason}`, {
    hint: writeHint(thrown),
    cause: thrown,
  });
}

function writeFailed(path: string, thrown: unknown): FiresteelError {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === "ENOENT") {
    return new FiresteelError("resource", `cannot write to ${path}: the directory was removed while the job ran`, {
      hint: "leave it alone until the job has ended; on a cluster, write to a folder that all machines share",
      cause: thrown,
    });
  }
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  const what = isFull ? `no space left on the disk of ${path}` : `cannot write to ${path}: ${systemReason(thrown)}`;
  return new FiresteelError("resource", what, { hint: writeHint(thrown), cause: thrown });
}
