/**
 * gzip, deflate and zstd: bytes pulled from a reader, decompressed by node:zlib beside the task. The runtime has no synchronous
 * decompressing in pieces, and the JavaScript ones are eight times slower than waiting for the native ones. Its streams hold a
 * piece or two of what comes out, so that a small file of a great deal of data costs no memory. Several members or frames
 * behind each other are one text.
 */
import { Readable } from "node:stream";
import type { Gunzip } from "node:zlib";
import { FiresteelError } from "../base/errors.ts";
import { brokenFile, cutShort, notOf } from "./broken-file.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { Codec } from "./codecs.ts";
import { zlib } from "./lazy-zlib.ts";
import { ZstdFrames } from "./zstd-frames.ts";

const outBytes = 1 << 18;
const inBytes = 1 << 16;

type ZlibCodec = Exclude<Codec, "bzip2">;

export class InflateReader implements ByteReader {
  private readonly inflate: Gunzip;
  private readonly source: Readable;
  private readonly pieces: AsyncIterator<Buffer>;
  private piece: Buffer = Buffer.alloc(0);
  private suppliedBytes = 0;
  private closed = false;

  constructor(
    private readonly bytes: ByteReader,
    private readonly codec: ZlibCodec,
    private readonly path: string,
  ) {
    this.inflate = decoder(codec);
    this.source = Readable.from(this.supply(), { objectMode: false, highWaterMark: inBytes });
    this.source.on("error", error => this.inflate.destroy(error));
    this.source.pipe(this.inflate);
    this.pieces = this.inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  read(into: Buffer): number | Promise<number> {
    if (this.piece.length > 0) return this.take(into);
    return this.pieces.next().then(
      next => {
        // after close `into` is no longer ours to write
        if (this.closed) return 0;
        if (next.done === true) return this.end();
        this.piece = next.value;
        return this.take(into);
      },
      thrown => {
        if (this.closed) return 0;
        throw this.failed(thrown);
      },
    );
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    // destroying before the end may report an error of its own, which nobody waits for any more
    this.inflate.on("error", () => {});
    this.source.on("error", () => {});
    this.source.destroy();
    this.inflate.destroy();
    this.bytes.close();
  }

  /** The compressed bytes in pieces. */
  private async *supply(): AsyncGenerator<Buffer, void, undefined> {
    const frames = this.codec === "zstd" ? new ZstdFrames() : undefined;
    while (!this.closed) {
      const buffer = Buffer.allocUnsafeSlow(inBytes);
      const got = await this.bytes.read(buffer);
      if (got === 0) break;
      const piece = buffer.subarray(0, got);
      frames?.follow(piece);
      this.suppliedBytes += got;
      yield piece;
    }
    // the runtime takes a zstd file that was cut short for a whole one
    if (frames !== undefined && !frames.areWhole) throw cutShort(this.path, this.codec, this.suppliedBytes);
  }

  private take(into: Buffer): number {
    const bytes = Math.min(into.length, this.piece.length);
    into.set(this.piece.subarray(0, bytes));
    this.piece = this.piece.subarray(bytes);
    return bytes;
  }

  private end(): 0 {
    const used = this.inflate.bytesWritten;
    // zeros that fill a gzip file's last sector are no data, and not an error to any reader of it
    if (this.codec === "gzip" || used === this.suppliedBytes) return 0;
    throw brokenFile(this.path, this.codec, `there is more behind its data, from byte ${used}`);
  }

  private failed(thrown: unknown): FiresteelError {
    if (thrown instanceof FiresteelError) return thrown;
    const { code, message } = thrown as NodeJS.ErrnoException;
    const near = this.inflate.bytesWritten;
    if (code === "Z_BUF_ERROR") return cutShort(this.path, this.codec, this.suppliedBytes);
    const isHeader = message === "incorrect header check" || code === "ZSTD_error_prefix_unknown";
    if (isHeader && near === 0) return notOf(this.path, this.codec);
    return brokenFile(this.path, this.codec, `${message} near byte ${near}`, thrown);
  }
}

function decoder(codec: ZlibCodec): Gunzip {
  const options = { chunkSize: outBytes };
  switch (codec) {
    case "gzip":
      return zlib().createGunzip(options);
    case "deflate":
      return zlib().createInflate(options);
    case "zstd":
      return zlib().createZstdDecompress(options) as unknown as Gunzip;
  }
}
