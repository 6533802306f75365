/**
 * Where outputs of many parts are written so that they are there whole or not at all. The driver makes an output before its job runs;
 * each task attempt writes a part of its own, which nobody sees before its commit; the job's commit takes the parts of those
 * attempts that count. Which place it is follows from the path's scheme; all places may answer with promises.
 */
import { FiresteelError } from "../base/errors.ts";
import { shownAddress } from "../base/shown-address.ts";
import type { SourceMetrics } from "./contracts.ts";
import { remoteSchemeOf } from "./file-schemes.ts";
import type { FileSettings } from "./file-settings.ts";
import { localOutput } from "./local-output.ts";

export type Awaitable<T> = T | Promise<T>;

/** An output in progress: plain data, made on the driver, sent to the tasks. */
export interface OutputDirectory {
  /** Absolute, or with its scheme: what `committerOf` finds its place by. */
  readonly path: string;
  /** The outermost parent directory that had to be made for it. */
  readonly createdParent?: string;
}

/** A part as it is named in the output, and the attempt whose making of it counts. */
export interface CommittedPart {
  readonly file: string;
  readonly attempt: number;
}

/** One attempt's part. */
export interface PartFile {
  /** Takes the bytes, which are the caller's again when it returns. */
  write(bytes: Uint8Array): void;
  /** Asked between chunks of rows: what to wait for before more is written. Absent where `write` has written. */
  drain?(): Promise<void> | undefined;
  /** Makes the part whole and safe from `abort`; it counts when the job's commit names its attempt. */
  commit(): Awaitable<void>;
  /** Removes what was written. Never throws. */
  abort(): Awaitable<void>;
}

export interface OutputCommitter {
  /** Refused when anything of that name exists. */
  createOutput(path: string): Awaitable<OutputDirectory>;
  /** In a task. `attempt` is unique in the application. */
  openPart(output: OutputDirectory, file: string, attempt: number, metrics: SourceMetrics): Awaitable<PartFile>;
  /** Every partition has committed; now the output counts. `_SUCCESS` comes last. */
  commitOutput(output: OutputDirectory, parts: readonly CommittedPart[]): Awaitable<void>;
  /** Removes all that the job wrote and the directories that `createOutput` made. Never throws. */
  abortOutput(output: OutputDirectory): Awaitable<void>;
}

/** The place that a path speaks of; `settings` are for remote ones. */
export function committerOf(path: string, settings: () => FileSettings): OutputCommitter {
  const scheme = remoteSchemeOf(path, "write to");
  if (scheme === undefined) return localOutput;
  if (scheme === "http" || scheme === "https") {
    throw new FiresteelError("user", `cannot write to ${shownAddress(path)}: files of web servers are only read`, {
      hint: "write to a local path, or to s3: or hdfs:",
    });
  }
  const given = settings();
  // loaded when it is needed: most jobs write local files
  const remote = async () => (await import("./file-systems.ts")).fileSystemOf(path, given).output!;
  return {
    createOutput: async folder => (await remote()).createOutput(folder),
    openPart: async (output, file, attempt, metrics) => (await remote()).openPart(output, file, attempt, metrics),
    commitOutput: async (output, parts) => (await remote()).commitOutput(output, parts),
    abortOutput: async output => (await remote()).abortOutput(output),
  };
}

export function outputExists(path: string): FiresteelError {
  return new FiresteelError("user", `cannot create the output directory ${path}: it already exists`, {
    hint: "remove it, or write to another path",
  });
}

/** Spark's names of parts: `part-00000`, and what a codec or format puts behind. */
export function partName(partition: number, extension = ""): string {
  return `part-${String(partition).padStart(5, "0")}${extension}`;
}
