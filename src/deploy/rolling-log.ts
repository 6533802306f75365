/**
 * What a process printed, in files of bounded size and number: `stdout` is being written, `stdout-8388608` is an earlier part
 * that begins at that byte of all that was ever written. So the files alone say how much there was, after a restart too. A
 * disk that takes no more loses output, never the worker.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

export interface LogBounds {
  readonly fileBytesMax: number;
  /** The one being written among them; at least 2. */
  readonly filesMax: number;
}

export class RollingLog {
  private file: number | undefined;
  private startByte: number;
  private length: number;
  /** Bytes that could not be written. */
  lostBytes = 0;

  /** Goes on where files of that name end. */
  constructor(
    private readonly path: string,
    private readonly bounds: LogBounds,
  ) {
    const parts = partsOf(path);
    this.file = openSync(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
      0o600,
    );
    this.length = fstatSync(this.file).size;
    this.startByte = endOfLast(parts, path);
  }

  write(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.length >= this.bounds.fileBytesMax) this.roll();
      const piece = rest.subarray(0, Math.max(1, this.bounds.fileBytesMax - this.length));
      const written = this.tryWrite(piece);
      if (written === 0) {
        this.lostBytes += rest.length;
        return;
      }
      this.length += written;
      rest = rest.subarray(written);
    }
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private tryWrite(bytes: Uint8Array): number {
    try {
      return this.file === undefined ? 0 : writeSync(this.file, bytes);
    } catch {
      return 0;
    }
  }

  private roll(): void {
    try {
      this.close();
      renameSync(this.path, partPath(this.path, this.startByte));
      this.startByte += this.length;
      this.length = 0;
      const parts = partsOf(this.path);
      for (const start of parts.slice(0, Math.max(0, parts.length - (this.bounds.filesMax - 1))))
        rmSync(partPath(this.path, start), { force: true });
      this.file = openSync(
        this.path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
        0o600,
      );
    } catch {
      // what follows is lost, and counted
      this.length = 0;
    }
  }
}

/** The end of what was written; text that begins within a character begins with the next. */
export function readLogTail(path: string, bytesMax: number): { readonly text: string; readonly totalBytes: number } {
  const parts = partsOf(path);
  const current = readEnd(path, bytesMax);
  if (current === undefined && parts.length === 0) return { text: "", totalBytes: 0 };
  const pieces = current === undefined ? [] : [current.bytes];
  let wanted = bytesMax - (current?.bytes.length ?? 0);
  const totalBytes = endOfLast(parts, path) + (current?.size ?? 0);
  for (const start of parts.toReversed()) {
    if (wanted <= 0) break;
    const piece = readEnd(partPath(path, start), wanted);
    if (piece === undefined) break;
    pieces.unshift(piece.bytes);
    wanted -= piece.bytes.length;
  }
  const bytes = Buffer.concat(pieces);
  let from = 0;
  if (bytes.length < totalBytes) while (from < Math.min(3, bytes.length) && (bytes[from]! & 0xc0) === 0x80) from++;
  return { text: bytes.toString("utf8", from), totalBytes };
}

/** Never follows a link: the folder is also the process's, and what it links to is nobody's log. */
function readEnd(path: string, bytesMax: number): { readonly bytes: Buffer; readonly size: number } | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) return undefined;
    const bytes = Buffer.alloc(Math.min(stat.size, bytesMax));
    const length = readSync(file, bytes, 0, bytes.length, stat.size - bytes.length);
    return { bytes: bytes.subarray(0, length), size: stat.size };
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Where the earlier parts begin, in order. */
function partsOf(path: string): number[] {
  const beginning = `${basename(path)}-`;
  return namesIn(dirname(path))
    .filter(name => name.startsWith(beginning) && /^\d+$/.test(name.slice(beginning.length)))
    .map(name => Number(name.slice(beginning.length)))
    .sort((a, b) => a - b);
}

function endOfLast(parts: readonly number[], path: string): number {
  const last = parts.at(-1);
  return last === undefined ? 0 : last + (readEnd(partPath(path, last), 0)?.size ?? 0);
}

function partPath(path: string, startByte: number): string {
  return join(dirname(path), `${basename(path)}-${startByte}`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
