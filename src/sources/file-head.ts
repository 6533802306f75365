/** The first bytes of a file on the driver, decompressed and without a byte order mark: what plans look at. */
import { brokenFile } from "./broken-file.ts";
import { type Codec, refuseUnknownCompression } from "./codecs.ts";
import type { InputFile } from "./contracts.ts";
import { zlib } from "./lazy-zlib.ts";
import { type FilePieces, openPieces } from "./file-pieces.ts";
import { unpacked } from "./unpack.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** Blocks of zstd are 128 KiB of data at most. */
const zstdBlocksMax = 8;
const stepBytes = 64;
const packedBytesMax = 1 << 18;

export interface FileHead {
  readonly bytes: Buffer;
  readonly isWholeFile: boolean;
}

/** At most `bytes` of the file; of a compressed file, what its first `bytes` / 8 give, or its first block. */
export function readHead(file: InputFile, bytes: number): FileHead {
  refuseUnknownCompression(file.path);
  const pieces = openPieces(file);
  try {
    if (file.compression === "bzip2" && file.bytes > 0) return withoutMark(readBlocks(file, pieces, bytes), false);
    const headBytes = Math.min(file.bytes, file.compression === undefined ? bytes : bytes >> 3);
    const head = pieces.at(0, headBytes);
    if (file.compression === undefined || head.length === 0) return withoutMark(head, headBytes === file.bytes);
    const plain = inflateHead(file.path, file.compression, head);
    return withoutMark(plain.bytes, plain.isAll && headBytes === file.bytes);
  } finally {
    pieces.close();
  }
}

function withoutMark(head: Buffer, isWholeFile: boolean): FileHead {
  const marked = head.length >= 3 && head.readUIntBE(0, 3) === 0xefbbbf;
  return { bytes: marked ? head.subarray(3) : head, isWholeFile };
}

function readBlocks({ path }: InputFile, pieces: FilePieces, bytes: number): Buffer {
  let position = 0;
  const packed = {
    read(into: Buffer): number {
      const got = pieces.at(position, Math.min(into.length, packedBytesMax)).copy(into);
      position += got;
      return got;
    },
    close: () => {},
  };
  const reader = unpacked(packed, "bzip2", path);
  const head = Buffer.alloc(bytes);
  try {
    for (let filled = 0; filled < bytes;) {
      const got = reader.read(head.subarray(filled));
      // bzip2 data that is at hand is never waited for
      if (typeof got !== "number" || got === 0) return head.subarray(0, filled);
      filled += got;
    }
    return head;
  } finally {
    reader.close();
  }
}

function inflateHead(path: string, codec: Codec, head: Buffer): { readonly bytes: Buffer; readonly isAll: boolean } {
  const { constants, gunzipSync, inflateSync, zstdDecompressSync } = zlib();
  // flushing, for the head is cut anywhere
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  try {
    if (codec === "gzip") return { bytes: gunzipSync(head, options), isAll: true };
    if (codec === "deflate") return { bytes: inflateSync(head, options), isAll: true };
    const frames = new ZstdFrames();
    for (let at = 0; at < head.length && frames.wholeBlocks < zstdBlocksMax; at += stepBytes)
      frames.follow(head.subarray(at, at + stepBytes));
    const whole = frames.wholeBlocks < zstdBlocksMax ? head : head.subarray(0, frames.wholeBytes);
    return { bytes: zstdDecompressSync(whole), isAll: whole === head && frames.areWhole };
  } catch (thrown) {
    throw brokenFile(path, codec, `${(thrown as Error).message} near byte 0`, thrown);
  }
}
