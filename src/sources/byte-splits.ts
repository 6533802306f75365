/**
 * Cuts files into splits as Hadoop's FileInputFormat does, so that partition counts are Spark's: the goal is
 * total / minPartitions bytes, at most one block of the file system (locally 32 MiB), and the last split of a file
 * may be up to 10 % longer. Compressed files, and those of
 * servers without ranges, cannot be entered half-way: one split each. An empty file is one empty split.
 */
import { refuseUnknownCompression } from "./codecs.ts";
import {
  type ByteSplit,
  bytesUnknown,
  type FileBlock,
  type InputFile,
  maxLineBytesDefault,
  type RemotePart,
  type Scan,
} from "./contracts.ts";
import type { TextOptions } from "./options.ts";

export const blockBytes = 32 * 1024 * 1024;
const splitSlop = 1.1;
/** Of a split: three copies, each by name and address. */
const hostsMax = 6;

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

/** Bytes that a split should have, of files whose blocks are as long. */
export function splitGoalBytes(files: readonly InputFile[], minPartitions: number): number {
  const totalBytes = files.reduce((sum, { bytes }) => sum + (bytes === bytesUnknown ? 0 : bytes), 0);
  return Math.max(1, Math.floor(totalBytes / Math.max(1, minPartitions)));
}

/** Bytes that this file's splits should have: no more than its block. */
export function splitBytesOf(file: InputFile, goalBytes: number): number {
  return Math.min(goalBytes, file.blockBytes ?? blockBytes);
}

export function cutFile(file: InputFile, goalBytes: number): ByteSplit[] {
  refuseUnknownCompression(file.path);
  if (file.compression !== undefined || file.wholeOnly === true || file.bytes === 0) return [wholeFile(file, "lines")];
  const splitBytes = splitBytesOf(file, goalBytes);
  const splits: ByteSplit[] = [];
  let start = 0;
  for (; (file.bytes - start) / splitBytes > splitSlop; start += splitBytes)
    splits.push(bytesOf(file, start, start + splitBytes, "lines"));
  if (start < file.bytes) splits.push(bytesOf(file, start, file.bytes, "lines"));
  return splits;
}

export function wholeFile(file: InputFile, bounds: ByteSplit["bounds"]): ByteSplit {
  return bytesOf(file, 0, file.bytes, bounds);
}

/** Bytes `start` … `end` − 1 of the file as a split. */
export function bytesOf(file: InputFile, start: number, end: number, bounds: ByteSplit["bounds"]): ByteSplit {
  return {
    ...{ kind: "bytes", path: file.path, start, end, fileBytes: file.bytes, bounds },
    ...(file.compression !== undefined && { compression: file.compression }),
    ...remotePart(file, start, end),
  };
}

/** What splits of a remote file say of it, and where those bytes are. */
export function remotePart(file: InputFile, start: number, end: number): RemotePart {
  const hosts = hostsOf(file.blocks ?? [], start, end);
  return {
    ...(file.address !== undefined && { address: file.address }),
    ...(file.version !== undefined && { version: file.version }),
    ...(file.wholeOnly === true && { wholeOnly: true }),
    ...(hosts.length > 0 && { hosts }),
  };
}

/** As Hadoop chooses them: those machines that have most of the bytes, and none that has less than half as many as the first. */
export function hostsOf(blocks: readonly FileBlock[], start: number, end: number): string[] {
  const bytesAt = new Map<string, number>();
  for (const block of blocks) {
    const bytes = Math.min(end, block.start + block.bytes) - Math.max(start, block.start);
    if (bytes > 0) for (const host of block.hosts) bytesAt.set(host, (bytesAt.get(host) ?? 0) + bytes);
  }
  const most = Math.max(0, ...bytesAt.values());
  return [...bytesAt]
    .filter(([, bytes]) => bytes * 2 > most)
    .sort((a, b) => b[1] - a[1])
    .slice(0, hostsMax)
    .map(([host]) => host);
}
