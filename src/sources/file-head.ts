/** The first bytes of a file on the driver, decompressed and without a byte order mark: what plans look at. */
import { closeSync } from "node:fs";
import { FiresteelError } from "../base/errors.ts";
import { openForReading } from "./byte-reader.ts";
import type { InputFile } from "./contracts.ts";
import { zlib } from "./lazy-zlib.ts";
import { readAt } from "./parquet-footer.ts";
import { refuseUnknownCompression } from "./byte-splits.ts";

/** At most `bytes` of the file; of a gzip file, what its first `bytes` / 8 give. */
export function readHead(file: InputFile, bytes: number): Buffer {
  refuseUnknownCompression(file.path);
  const fd = openForReading(file.path, file.bytes);
  try {
    const isGzip = file.compression === "gzip";
    let head = readAt(fd, file.path, 0, Math.min(file.bytes, isGzip ? bytes >> 3 : bytes));
    if (isGzip && head.length > 0) head = inflateHead(file.path, head);
    return head.length >= 3 && head.readUIntBE(0, 3) === 0xefbbbf ? head.subarray(3) : head;
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
    throw new FiresteelError("data", `broken gzip file ${path}: ${(thrown as Error).message} near byte 0`, { cause: thrown });
  }
}
