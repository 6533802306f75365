/**
 * Compressions of whole files, told by the file's name: which there are, and the names under which Spark's users know them. A
 * compressed file cannot be entered half-way, so it is one split.
 */
import { FiresteelError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";

/** deflate is what Hadoop's default codec writes: a zlib stream. */
export type Codec = "gzip" | "zstd" | "bzip2" | "deflate";

/** Codecs that are written as well as read. */
export type OutputCodec = "gzip" | "zstd";

const extensions: Readonly<Record<Codec, string>> = {
  gzip: ".gz",
  zstd: ".zst",
  bzip2: ".bz2",
  deflate: ".deflate",
};

const codecsByExtension = new Map(Object.entries(extensions).map(([codec, name]) => [name, codec as Codec]));

const unknownExtensions: Readonly<Record<string, string>> = {
  ".xz": "xz",
  ".lz4": "lz4",
  ".snappy": "snappy",
  ".zip": "zip",
};

const outputCodecs: readonly OutputCodec[] = ["gzip", "zstd"];

/** The compression that a file's name speaks of. */
export function codecOfPath(path: string): Codec | undefined {
  return codecsByExtension.get(extensionOf(path));
}

/** How the names of such files end: ".gz". */
export function codecExtension(codec: Codec): string {
  return extensions[codec];
}

/** Reading such a file as text would give nonsense rows. */
export function refuseUnknownCompression(path: string): void {
  const name = unknownExtensions[extensionOf(path)];
  if (name === undefined) return;
  throw new FiresteelError("user", `cannot read ${path}: text compressed with ${name} is not supported`, {
    hint: "decompress it, or compress it with gzip, zstd or bzip2",
  });
}

/** A codec that files are to be written with, by its name. */
export function checkOutputCodec(name: unknown): OutputCodec {
  const found = outputCodecs.find(codec => codec === name);
  if (found !== undefined) return found;
  if (name === "bzip2" || name === "deflate") {
    throw new FiresteelError("user", `${name} files can be read, but not written`, {
      hint: 'use "zstd", or "gzip" where that is not known',
    });
  }
  const shown = typeof name === "string" ? JSON.stringify(name) : String(name);
  const meant = typeof name === "string" ? nearest(name, outputCodecs) : undefined;
  throw new FiresteelError("user", `unknown codec ${shown}`, {
    hint: meant === undefined ? `codecs are ${outputCodecs.join(", ")}` : `did you mean ${JSON.stringify(meant)}?`,
  });
}

function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf("."));
}
