/**
 * A Parquet file's footer: schema and row groups, read synchronously and parsed by hyparquet. A few footers are kept, so that
 * the tasks of one file on one thread parse it once.
 */
import { closeSync, readSync } from "node:fs";
import type { FileMetaData } from "hyparquet";
import { parquetMetadata } from "hyparquet/src/metadata.js";
import { FiresteelError } from "../base/errors.ts";
import { openForReading, readFailed } from "./byte-reader.ts";

const footerCacheMax = 8;
const cache = new Map<string, FileMetaData>();

export function readFooter(path: string, fileBytes: number): FileMetaData {
  const key = `${fileBytes} ${path}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const footer = parseFooter(path, readFooterBytes(path, fileBytes));
  cache.set(key, footer);
  if (cache.size > footerCacheMax) cache.delete(cache.keys().next().value!);
  return footer;
}

function readFooterBytes(path: string, fileBytes: number): Buffer {
  const fd = openForReading(path, fileBytes);
  try {
    const tail = readAt(fd, path, Math.max(0, fileBytes - 8), 8);
    const magic = tail.toString("latin1", 4, 8);
    if (magic === "PARE") throw broken(path, "its footer is encrypted, which Firesteel cannot read");
    if (tail.length < 8 || magic !== "PAR1")
      throw broken(path, "it does not end in PAR1", "is it a Parquet file, and is it complete?");
    const footerBytes = tail.readUInt32LE(0) + 8;
    if (footerBytes > fileBytes)
      throw broken(path, `its footer should be ${footerBytes} bytes long, the file has ${fileBytes}`);
    return readAt(fd, path, fileBytes - footerBytes, footerBytes);
  } finally {
    closeSync(fd);
  }
}

function parseFooter(path: string, bytes: Buffer): FileMetaData {
  try {
    return parquetMetadata(bytes, { geoparquet: false });
  } catch (thrown) {
    throw broken(path, `its footer cannot be parsed: ${(thrown as Error).message}`, undefined, thrown);
  }
}

/** `bytes` of the file from `position`, fewer where it ends; outside kernel memory, for hyparquet takes ArrayBuffers. */
export function readAt(fd: number, path: string, position: number, bytes: number): Buffer {
  const buffer = Buffer.from(new ArrayBuffer(bytes));
  let filled = 0;
  try {
    while (filled < bytes) {
      const got = readSync(fd, buffer, filled, bytes - filled, position + filled);
      if (got === 0) break;
      filled += got;
    }
  } catch (thrown) {
    throw readFailed(path, position + filled, thrown);
  }
  return buffer.subarray(0, filled);
}

export function broken(path: string, why: string, hint?: string, cause?: unknown): FiresteelError {
  return new FiresteelError("data", `cannot read ${path} as Parquet: ${why}`, { hint, cause });
}
