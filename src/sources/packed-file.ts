/**
 * A compressed part: what is written goes through a codec, a mebibyte at a time, to the part below. Each mebibyte is a gzip member or
 * zstd frame of its own, which readers of either take as one text; so the same rows give the same bytes however they arrive,
 * and nothing is ever waited for.
 */
import type { OutputCodec } from "./codecs.ts";
import { zlib } from "./lazy-zlib.ts";
import type { Awaitable, PartFile } from "./output-committer.ts";

const memberBytes = 1 << 20;

/** `file` itself without a codec. */
export function packed(file: PartFile, codec: OutputCodec | undefined): PartFile {
  return codec === undefined ? file : new PackedFile(file, codec);
}

class PackedFile implements PartFile {
  private readonly plain = Buffer.allocUnsafeSlow(memberBytes);
  private used = 0;
  private isEmpty = true;

  constructor(
    private readonly file: PartFile,
    private readonly codec: OutputCodec,
  ) {}

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + memberBytes - this.used);
      this.plain.set(part, this.used);
      this.used += part.length;
      at += part.length;
      if (this.used === memberBytes) this.pack();
    }
  }

  drain(): Promise<void> | undefined {
    return this.file.drain?.();
  }

  commit(): Awaitable<void> {
    // of nothing too: tools take a file without a member for a broken one
    if (this.used > 0 || this.isEmpty) this.pack();
    return this.file.commit();
  }

  abort(): Awaitable<void> {
    return this.file.abort();
  }

  private pack(): void {
    const { constants, gzipSync, zstdCompressSync } = zlib();
    const plain = this.plain.subarray(0, this.used);
    this.file.write(
      this.codec === "gzip"
        ? gzipSync(plain)
        : zstdCompressSync(plain, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    );
    this.used = 0;
    this.isEmpty = false;
  }
}
