/**
 * Files wherever they are. A `FileSystem` answers for one scheme (`http:`, `s3:`, `hdfs:`): what lies at a path, what a folder
 * holds, bytes by ranges, and where outputs go. Local files are read without it, synchronously (byte-reader.ts).
 *
 * Promises: every wait is bounded (`timeoutMs` of silence, then `retriesMax` further tries with growing pauses); bytes are
 * those that were asked for or an error, never fewer, and never of a file that changed since it was planned (`version`);
 * errors name the path and the fix, never a secret. An output is seen whole when its job has committed it, or not at all
 * (output-committer.ts). Does not cache, and does not list what is below a folder's folders.
 */
import type { FileBlock, InputFile } from "./contracts.ts";
import type { OutputCommitter } from "./output-committer.ts";

export interface FileSystem {
  /** What is at a path; undefined where nothing is. */
  status(path: string): Promise<FileStatus | undefined>;
  /** Files and folders directly in a folder whose names begin with `namePrefix`, in the order of their names' bytes. */
  list(folder: string, namePrefix: string): Promise<FileStatus[]>;
  /** Where a file's blocks are; none where nobody knows. */
  blocks?(file: FileStatus): Promise<readonly FileBlock[]>;
  /** Exactly the bytes `from` … `to` − 1, which the file must have. */
  read(file: RemoteFile, from: number, to: number): Promise<Uint8Array>;
  /** Checks once, before ranges are read, that the file is the one planned; absent where every answer tells. */
  verify?(file: RemoteFile): Promise<void>;
  /** All bytes in order, of files that have no ranges. */
  stream?(file: RemoteFile): AsyncIterable<Uint8Array>;
  /** Absent where nothing can be written. */
  readonly output?: OutputCommitter;
}

export interface FileStatus {
  /** The whole address. */
  readonly path: string;
  readonly isFolder: boolean;
  /** `bytesUnknown` where the server does not tell. */
  readonly bytes: number;
  /** What changes when the file does. */
  readonly version?: string;
  /** Of which splits are made. */
  readonly blockBytes?: number;
  /** The server gives no ranges. */
  readonly wholeOnly?: boolean;
}

/** A file that was planned, as far as reading needs it. */
export type RemoteFile = Pick<InputFile, "path" | "bytes" | "version" | "wholeOnly">;
