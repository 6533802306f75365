/** Decompresses Parquet pages. The header's plain size bounds what is allocated, so that damaged pages cannot ask for more. */
import type { CompressionCodec } from "hyparquet";
import { snappyUncompress } from "hyparquet/src/snappy.js";
import { zlib } from "./lazy-zlib.ts";
import { lz4Uncompress } from "./lz4-block.ts";

/** Neither snappy nor lz4 can shrink bytes further than this. */
const blockRatioMax = 256;

export function decompress(codec: CompressionCodec, bytes: Buffer, plainBytes: number): Buffer {
  const plain = plainBytes === 0 ? Buffer.alloc(0) : decompressSome(codec, bytes, plainBytes);
  if (plain.length !== plainBytes) throw new Error(`a page has ${plain.length} bytes, its header says ${plainBytes}`);
  return plain;
}

function decompressSome(codec: CompressionCodec, bytes: Buffer, plainBytes: number): Buffer {
  const limits = { maxOutputLength: plainBytes };
  switch (codec) {
    case "UNCOMPRESSED":
      return bytes;
    case "ZSTD":
      return zlib().zstdDecompressSync(bytes, limits);
    case "GZIP":
      return zlib().gunzipSync(bytes, limits);
    case "BROTLI":
      return zlib().brotliDecompressSync(bytes, limits);
    case "SNAPPY": {
      const plain = Buffer.alloc(blockBytes(bytes, plainBytes));
      snappyUncompress(bytes, plain);
      return plain;
    }
    case "LZ4_RAW":
      return lz4Uncompress(bytes, blockBytes(bytes, plainBytes));
    default:
      throw new Error(`compression ${codec} is not supported; write it with zstd, snappy, gzip, brotli or lz4_raw`);
  }
}

export function blockBytes(bytes: Buffer, plainBytes: number): number {
  if (!(plainBytes >= 0 && plainBytes <= bytes.length * blockRatioMax))
    throw new Error(`a page of ${plainBytes} bytes in ${bytes.length}`);
  return plainBytes;
}
