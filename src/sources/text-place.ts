/** Lines and columns, counted from 1, of a byte of a local file: found when an error needs them, by reading what comes before. */
import { closeSync } from "node:fs";
import { openForReading, readAt } from "./byte-reader.ts";
import type { ByteSplit } from "./contracts.ts";
import { schemeOf } from "./file-schemes.ts";

export interface TextPlace {
  readonly line: number;
  /** In characters of a JavaScript string; a byte order mark is none. */
  readonly column: number;
}

const pieceBytes = 1 << 20;
const lineFeed = 10;

/** Whether a task may read the file's beginning as it is: a local one that is not compressed. */
export function isReadableAgain({ path, compression }: ByteSplit): boolean {
  return compression === undefined && schemeOf(path) === undefined;
}

/** Where bytes end that begin at `start`. */
export function placeBehind(bytes: Buffer, start: TextPlace): TextPlace {
  let { line } = start;
  let lineStart = -1;
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, end + 1)) {
    line++;
    lineStart = end + 1;
  }
  return lineStart < 0
    ? { line, column: start.column + bytes.toString("utf8").length }
    : { line, column: bytes.toString("utf8", lineStart).length + 1 };
}

/** Undefined of files that are compressed, or elsewhere, or no longer there. */
export function placeInFile(split: ByteSplit, offset: number): TextPlace | undefined {
  const { path, fileBytes } = split;
  if (!isReadableAgain(split)) return undefined;
  let fd: number;
  try {
    fd = openForReading(path, fileBytes);
  } catch {
    return undefined;
  }
  try {
    let place: TextPlace = { line: 1, column: 1 };
    for (let at = byteOrderMarkBytes(readAt(fd, path, 0, 3)); at < offset;) {
      // pieces end with lines, so that no character is cut in two
      const piece = readAt(fd, path, at, Math.min(pieceBytes, offset - at));
      const lineEnd = at + piece.length < offset ? piece.lastIndexOf(lineFeed) + 1 : piece.length;
      const whole = piece.subarray(0, lineEnd === 0 ? piece.length : lineEnd);
      if (whole.length === 0) break;
      place = placeBehind(whole, place);
      at += whole.length;
    }
    return place;
  } finally {
    closeSync(fd);
  }
}

function byteOrderMarkBytes(first: Buffer): number {
  return first.length === 3 && first.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0;
}
