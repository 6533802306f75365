/**
 * A Parquet file's footer: schema and row groups, read synchronously and parsed by hyparquet. A few footers are kept, so that
 * the tasks of one file on one thread parse it once.
 */
import type { FileMetaData } from "hyparquet";
import { parquetMetadata } from "hyparquet/src/metadata.js";
import { FiresteelError } from "../base/errors.ts";
import type { InputFile } from "./contracts.ts";
import { openPieces } from "./file-pieces.ts";

const footerCacheMax = 8;
const cache = new Map<string, FileMetaData>();

export function readFooter(file: InputFile): FileMetaData {
  const { path, bytes, version = "" } = file;
  const key = `${bytes} ${version} ${path}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const footer = parseFooter(path, readFooterBytes(file));
  cache.set(key, footer);
  if (cache.size > footerCacheMax) cache.delete(cache.keys().next().value!);
  return footer;
}

function readFooterBytes(file: InputFile): Buffer {
  const { path, bytes: fileBytes } = file;
  const pieces = openPieces(file);
  try {
    const tail = pieces.at(Math.max(0, fileBytes - 8), 8);
    const magic = tail.toString("latin1", 4, 8);
    if (magic === "PARE") throw broken(path, "its footer is encrypted, which Firesteel cannot read");
    if (tail.length < 8 || magic !== "PAR1")
      throw broken(path, "it does not end in PAR1", "is it a Parquet file, and is it complete?");
    const footerBytes = tail.readUInt32LE(0) + 8;
    if (footerBytes > fileBytes)
      throw broken(path, `its footer should be ${footerBytes} bytes long, the file has ${fileBytes}`);
    return pieces.at(fileBytes - footerBytes, footerBytes);
  } finally {
    pieces.close();
  }
}

function parseFooter(path: string, bytes: Buffer): FileMetaData {
  try {
    return parquetMetadata(bytes, { geoparquet: false });
  } catch (thrown) {
    throw broken(path, `its footer cannot be parsed: ${(thrown as Error).message}`, undefined, thrown);
  }
}

export function broken(path: string, why: string, hint?: string, cause?: unknown): FiresteelError {
  return new FiresteelError("data", `cannot read ${path} as Parquet: ${why}`, { hint, cause });
}
