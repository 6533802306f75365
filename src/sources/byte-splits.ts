/**
 * Cuts files into splits as Hadoop's FileInputFormat does, so that partition counts are Spark's: the goal is
 * total / minPartitions bytes, at most one block of the local file system (32 MiB), and the last split of a file
 * may be up to 10 % longer. Gzip files cannot be entered half-way: one split each. An empty file is one empty split.
 */
import { FiresteelError } from "../base/errors.ts";
import type { ByteSplit, InputFile, Scan } from "./contracts.ts";
import type { TextOptions } from "./options.ts";
import { maxLineBytesDefault } from "./contracts.ts";

export const blockBytes = 32 * 1024 * 1024;
const splitSlop = 1.1;

const unknownCompressions: Readonly<Record<string, string>> = {
  ".bz2": "bzip2",
  ".zst": "zstd",
  ".xz": "xz",
  ".lz4": "lz4",
  ".snappy": "snappy",
  ".zip": "zip",
};

/** What `textFile` reads: `minPartitions` as in Spark, where the caller's default is min(default parallelism, 2). */
export function planText(files: readonly InputFile[], minPartitions: number, options: TextOptions = {}): Scan {
  return {
    format: { format: "text", maxLineBytes: options.maxLineBytes ?? maxLineBytesDefault },
    splits: planTextSplits(files, minPartitions),
  };
}

export function planTextSplits(files: readonly InputFile[], minPartitions: number): ByteSplit[] {
  const goalBytes = splitGoalBytes(files, minPartitions);
  return files.flatMap(file => cutFile(file, goalBytes));
}

/** Bytes that a split should have. */
export function splitGoalBytes(files: readonly InputFile[], minPartitions: number): number {
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return Math.max(1, Math.min(Math.floor(totalBytes / Math.max(1, minPartitions)), blockBytes));
}

export function cutFile(file: InputFile, goalBytes: number): ByteSplit[] {
  refuseUnknownCompression(file.path);
  if (file.compression !== undefined || file.bytes === 0) return [wholeFile(file, "lines")];
  const splits: ByteSplit[] = [];
  let start = 0;
  for (; (file.bytes - start) / goalBytes > splitSlop; start += goalBytes) {
    splits.push({
      kind: "bytes",
      path: file.path,
      start,
      end: start + goalBytes,
      fileBytes: file.bytes,
      bounds: "lines",
    });
  }
  if (start < file.bytes) {
    splits.push({ kind: "bytes", path: file.path, start, end: file.bytes, fileBytes: file.bytes, bounds: "lines" });
  }
  return splits;
}

export function wholeFile(file: InputFile, bounds: ByteSplit["bounds"]): ByteSplit {
  return {
    kind: "bytes",
    path: file.path,
    start: 0,
    end: file.bytes,
    fileBytes: file.bytes,
    bounds,
    ...(file.compression !== undefined && { compression: file.compression }),
  };
}

/** Reading such a file as text would give nonsense rows. */
export function refuseUnknownCompression(path: string): void {
  const extension = path.slice(path.lastIndexOf("."));
  const name = unknownCompressions[extension];
  if (name === undefined) return;
  throw new FiresteelError("user", `cannot read ${path}: text compressed with ${name} is not supported`, {
    hint: "decompress it, or compress it with gzip",
  });
}
