/** Compressed data for the tests of codecs, and readers of it. */
import { execFileSync } from "node:child_process";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { ByteReader } from "../../src/sources/byte-reader.ts";
import type { Codec } from "../../src/sources/codecs.ts";

export function compress(codec: Codec, bytes: Buffer): Buffer {
  if (codec === "gzip") return gzipSync(bytes);
  if (codec === "deflate") return deflateSync(bytes);
  if (codec === "zstd") return zstdCompressSync(bytes, { params: { 201: 1 } });
  return execFileSync("bzip2", ["-c"], { input: bytes, maxBuffer: 1 << 30 });
}

/** Zeros, as small as the codec makes them, several times over. */
export function bomb(codec: Codec, bytes: number): Buffer {
  const parts = codec === "deflate" ? 1 : 4;
  const part = compress(codec, Buffer.alloc(bytes / parts));
  return Buffer.concat(Array.from({ length: parts }, () => part));
}

/** A reader of bytes at hand, in pieces of up to `pieceBytes`; with promises when `isLate`. */
export function readerOf(
  bytes: Buffer,
  pieceBytes: number,
  isLate: boolean,
): ByteReader & { readonly isClosed: boolean } {
  let at = 0;
  return {
    isClosed: false,
    read(into) {
      const part = bytes.subarray(at, at + Math.min(into.length, pieceBytes));
      into.set(part);
      at += part.length;
      return isLate ? Promise.resolve(part.length) : part.length;
    },
    close() {
      (this as { isClosed: boolean }).isClosed = true;
    },
  };
}
