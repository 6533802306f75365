/** Decompression as a layer over any reader of bytes. Memory is bounded by the codec, however far the bytes expand. */
import type { ByteReader } from "./byte-reader.ts";
import { Bzip2Reader } from "./bzip2-reader.ts";
import type { Codec } from "./codecs.ts";
import { InflateReader } from "./inflate-reader.ts";

/** `path` is named in errors. Closing it closes `bytes`. */
export function unpacked(bytes: ByteReader, codec: Codec, path: string): ByteReader {
  return codec === "bzip2" ? new Bzip2Reader(bytes, path) : new InflateReader(bytes, codec, path);
}
