/**
 * Where a split's bytes come from: a plain file, read synchronously (25 GB/s from the page cache, straight into kernel
 * memory), or a gzip file, inflated by node:zlib beside the task. The runtime has no synchronous inflating in pieces,
 * and the JavaScript ones are eight times slower than waiting for the native one.
 */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from "node:fs";
import { FiresteelError } from "../base/errors.ts";
import type { ByteSplit, SourceMetrics } from "./contracts.ts";
import { zlib } from "./lazy-zlib.ts";

export interface ByteReader {
  /** Fills at most all of `into` with the bytes that follow; 0 at the end. */
  read(into: Buffer): number | Promise<number>;
  close(): void;
}

export function openBytes(split: ByteSplit, metrics: SourceMetrics): ByteReader {
  if (split.compression === "gzip" && split.fileBytes > 0) return new GzipReader(split.path, metrics);
  return new FileReader(split, metrics);
}

class FileReader implements ByteReader {
  private fd: number;
  private position: number;

  constructor(
    private readonly split: ByteSplit,
    private readonly metrics: SourceMetrics,
  ) {
    this.position = split.start;
    this.fd = openForReading(split.path, split.fileBytes);
  }

  read(into: Buffer): number {
    let got: number;
    try {
      got = readSync(this.fd, into, 0, into.length, this.position);
    } catch (thrown) {
      throw readFailed(this.split.path, this.position, thrown);
    }
    this.position += got;
    this.metrics.add("bytesRead", got);
    return got;
  }

  close(): void {
    if (this.fd < 0) return;
    closeSync(this.fd);
    this.fd = -1;
  }
}

/** Opens a file whose length was `bytes` when the job was planned; a shorter one has lost rows that were counted on. */
export function openForReading(path: string, bytes: number): number {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (thrown) {
    throw readFailed(path, 0, thrown);
  }
  const now = fstatSync(fd).size;
  if (now >= bytes) return fd;
  closeSync(fd);
  throw new FiresteelError(
    "data",
    `${path} has become shorter since the job was planned: ${bytes} bytes then, ${now} now`,
  );
}

class GzipReader implements ByteReader {
  private readonly file: ReturnType<typeof createReadStream>;
  private readonly inflate = zlib().createGunzip({ chunkSize: 1 << 18 });
  private readonly pieces: AsyncIterator<Buffer>;
  private piece: Buffer = Buffer.alloc(0);
  private compressedBytes = 0;
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly metrics: SourceMetrics,
  ) {
    this.file = createReadStream(path, { highWaterMark: 1 << 16 });
    this.file.on("error", error => this.inflate.destroy(error));
    this.file.pipe(this.inflate);
    this.pieces = this.inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  read(into: Buffer): number | Promise<number> {
    if (this.piece.length > 0) return this.take(into);
    return this.pieces.next().then(
      next => {
        this.countRead();
        // after close `into` is no longer ours to write
        if (next.done === true || this.closed) return 0;
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
    this.closed = true;
    // destroying before the end may report an error of its own, which nobody waits for any more
    this.inflate.on("error", () => {});
    this.file.destroy();
    this.inflate.destroy();
  }

  private take(into: Buffer): number {
    const bytes = Math.min(into.length, this.piece.length);
    into.set(this.piece.subarray(0, bytes));
    this.piece = this.piece.subarray(bytes);
    return bytes;
  }

  private countRead(): void {
    this.metrics.add("bytesRead", this.inflate.bytesWritten - this.compressedBytes);
    this.compressedBytes = this.inflate.bytesWritten;
  }

  private failed(thrown: unknown): FiresteelError {
    const { code } = thrown as NodeJS.ErrnoException;
    const near = this.inflate.bytesWritten;
    if (code === "Z_BUF_ERROR") {
      return new FiresteelError(
        "data",
        `broken gzip file ${this.path}: it ends at byte ${near}, in the middle of its data`,
        {
          hint: "the file was cut short; copy or compress it again",
        },
      );
    }
    if (code?.startsWith("Z_")) {
      const reason = (thrown as Error).message;
      if (reason === "incorrect header check" && near === 0) return notGzip(this.path);
      return new FiresteelError("data", `broken gzip file ${this.path}: ${reason} near byte ${near}`, {
        hint: "the file is damaged; copy or compress it again",
        cause: thrown,
      });
    }
    return readFailed(this.path, near, thrown);
  }
}

function notGzip(path: string): FiresteelError {
  return new FiresteelError("data", `broken gzip file ${path}: it does not begin as gzip data does`, {
    hint: "if it is plain text, give it a name without .gz",
  });
}

export function readFailed(path: string, position: number, thrown: unknown): FiresteelError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (code === "ENOENT")
    return new FiresteelError("data", `cannot read ${path}: the file is gone since the job was planned`);
  return new FiresteelError("data", `cannot read ${path} at byte ${position}: ${message}`, { cause: thrown });
}
