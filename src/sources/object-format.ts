/**
 * Object files: rows of any values, as sealed blocks (data/block.ts) that can be read from any of them on. A file is
 *
 *   header   16 bytes: "FSOBJECT", format version, crc32 of these 12
 *   batches  each 16 bytes: "FSBT", length of the block, its crc32, crc32 of these 12; then the block
 *   index    8 bytes a batch: its offset in the file
 *   footer   32 bytes: offset of the index, batches, crc32 of the index, format version, crc32 of these 20, "FSOBJEND"
 *
 * All numbers are little-endian. What is read is checked before it is used: errors name the file and the byte.
 */
import { FiresteelError } from "../base/errors.ts";
import { zlib } from "./lazy-zlib.ts";

const formatVersion = 1;
const fileMagic = "FSOBJECT";
const batchMagic = "FSBT";
const endMagic = "FSOBJEND";

export const headerBytes = 16;
export const batchHeaderBytes = 16;
export const footerBytes = 32;
export const entryBytes = 8;

export interface ObjectFooter {
  readonly indexOffset: number;
  readonly batches: number;
  readonly indexCrc: number;
}

export function crcOf(bytes: Uint8Array): number {
  return zlib().crc32(bytes);
}

export function fileHeader(): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write(fileMagic, "latin1");
  header.writeUInt32LE(formatVersion, 8);
  header.writeUInt32LE(crcOf(header.subarray(0, 12)), 12);
  return header;
}

export function batchHeader(block: Uint8Array): Buffer {
  const header = Buffer.alloc(batchHeaderBytes);
  header.write(batchMagic, "latin1");
  header.writeUInt32LE(block.length, 4);
  header.writeUInt32LE(crcOf(block), 8);
  header.writeUInt32LE(crcOf(header.subarray(0, 12)), 12);
  return header;
}

/** Index and footer of batches that begin at `offsets`, the index itself at `indexOffset`. */
export function fileEnd(offsets: readonly number[], indexOffset: number): Buffer {
  const end = Buffer.alloc(offsets.length * entryBytes + footerBytes);
  for (const [i, offset] of offsets.entries()) end.writeBigUInt64LE(BigInt(offset), i * entryBytes);
  const footer = end.subarray(offsets.length * entryBytes);
  footer.writeBigUInt64LE(BigInt(indexOffset), 0);
  footer.writeUInt32LE(offsets.length, 8);
  footer.writeUInt32LE(crcOf(end.subarray(0, offsets.length * entryBytes)), 12);
  footer.writeUInt32LE(formatVersion, 16);
  footer.writeUInt32LE(crcOf(footer.subarray(0, 20)), 20);
  footer.write(endMagic, 24, "latin1");
  return end;
}

/** What the footer of a whole file says; undefined where the bytes are none. */
export function readFooter(path: string, footer: Buffer, fileBytes: number): ObjectFooter | undefined {
  if (footer.length < footerBytes || footer.toString("latin1", 24, 32) !== endMagic) return undefined;
  if (crcOf(footer.subarray(0, 20)) !== footer.readUInt32LE(20))
    throw damaged(path, "the checksum of its footer does not match", fileBytes - footerBytes);
  checkVersion(path, footer.readUInt32LE(16));
  const indexOffset = Number(footer.readBigUInt64LE(0));
  const batches = footer.readUInt32LE(8);
  if (indexOffset + batches * entryBytes + footerBytes !== fileBytes)
    throw damaged(path, "its footer speaks of another length", fileBytes - footerBytes);
  return { indexOffset, batches, indexCrc: footer.readUInt32LE(12) };
}

/** The offsets of batches, which rise. */
export function readIndex(path: string, index: Buffer, footer: ObjectFooter): number[] {
  if (crcOf(index) !== footer.indexCrc)
    throw damaged(path, "the checksum of its index does not match", footer.indexOffset);
  return Array.from({ length: footer.batches }, (_, i) => Number(index.readBigUInt64LE(i * entryBytes)));
}

/** Why a file without a footer has none, told by its beginning. */
export function withoutFooter(path: string, header: Buffer, fileBytes: number): FiresteelError {
  const { length } = header;
  if (length === 0 || header.toString("latin1", 0, 8) !== fileMagic.slice(0, length)) {
    return new FiresteelError("data", `${path} is no object file: it does not begin as one`, {
      hint: "objectFile reads what saveAsObjectFile has written; read others with textFile or binaryFiles",
      isPermanent: true,
    });
  }
  if (length >= headerBytes && crcOf(header.subarray(0, 12)) === header.readUInt32LE(12))
    checkVersion(path, header.readUInt32LE(8));
  return new FiresteelError("data", `broken object file ${path}: it ends at byte ${fileBytes}, before its index`, {
    hint: "the file was cut short; copy it again",
  });
}

/** The block's length and checksum. `at` is the header's place in the file. */
export function readBatchHeader(path: string, header: Buffer, at: number): { bytes: number; crc: number } {
  if (header.toString("latin1", 0, 4) !== batchMagic) throw damaged(path, "a batch does not begin as it should", at);
  if (crcOf(header.subarray(0, 12)) !== header.readUInt32LE(12))
    throw damaged(path, "the checksum of a batch's header does not match", at);
  return { bytes: header.readUInt32LE(4), crc: header.readUInt32LE(8) };
}

export function damaged(path: string, why: string, at: number, cause?: unknown): FiresteelError {
  return new FiresteelError("data", `broken object file ${path}: ${why}, at byte ${at}`, {
    hint: "the file is damaged; copy it again, or write it again",
    cause,
  });
}

function checkVersion(path: string, version: number): void {
  if (version === formatVersion) return;
  throw new FiresteelError(
    "data",
    `${path} is an object file of version ${version}, and this Firesteel reads version ${formatVersion}`,
    { hint: "read it with the Firesteel that wrote it, or a newer one" },
  );
}
