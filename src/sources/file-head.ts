/** The first bytes of a file on the driver, decompressed and without a byte order mark: what plans look at. */
import { closeSync } from "node:fs";
import { FiresteelError } from "../base/errors.ts";
import { openForReading } from "./byte-reader.ts";
import type { InputFile } from "./contracts.ts";
import { zlib } from "./lazy-zlib.ts";
import { readAt } from "./parquet-footer.ts";
import { refuseUnknownCompression } from "./byte-splits.ts";

export interface FileHead {
  readonly bytes: Buffer;
  readonly isWholeFile: boolean;
}

/** At most `bytes` of the file; of a gzip file, what its first `bytes` / 8 give. */
export function readHead(file: InputFile, bytes: number): FileHead {
  refuseUnknownCompression(file.path);
  const fd = openForReading(file.path, file.bytes);
  try {
    const isGzip = file.compression === "gzip";
    const headBytes = Math.min(file.bytes, isGzip ? bytes >> 3 : bytes);
    let head = readAt(fd, file.path, 0, headBytes);
    if (isGzip && head.length > 0) head = inflateHead(file.path, head);
    const marked = head.length >= 3 && head.readUIntBE(0, 3) === 0xefbbbf;
    return { bytes: marked ? head.subarray(3) : head, isWholeFile: headBytes === file.bytes };
  } finally {
    closeSync(fd);
  }
}

function inflateHead(path: string, head: Buffer): Buffer {
  const { constants, gunzipSync } = zlib();
  try {
    // flushing, for the head is cut anywhere
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (thrown) {
    throw new FiresteelError("data", `broken gzip file ${path}: ${(thrown as Error).message} near byte 0`, {
      cause: thrown,
    });
  }
}
