/**
 * Where a split's bytes come from: `ByteReader` is the seam between what knows about places (files here) and what knows about
 * formats. Decompression is a layer over any reader, synchronous or not. A plain local file is read synchronously (25 GB/s from
 * the page cache, straight into kernel memory).
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { invariant } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import { readHint, systemReason } from "../base/system-errors.ts";
import type { ByteSplit, SourceMetrics } from "./contracts.ts";
import { remoteSchemeOf } from "./file-schemes.ts";
import type { FileSettings } from "./file-settings.ts";
import { unpacked } from "./unpack.ts";

export interface ByteReader {
  /** Fills at most all of `into` with the bytes that follow; 0 at the end. One call at a time. */
  read(into: Buffer): number | Promise<number>;
  /** May be called while a read is under way, whose promise may then never settle, and more than once. */
  close(): void;
}

/** The split's bytes as its format reads them: decompressed where the file is compressed. */
export function openBytes(split: ByteSplit, metrics: SourceMetrics, files?: FileSettings): ByteReader {
  const isRemote = remoteSchemeOf(split.path, "read") !== undefined;
  const bytes = isRemote ? new LateReader(openRemote(split, metrics, files)) : new FileReader(split, metrics);
  // an empty file is no rows, whatever its name says
  return split.compression === undefined || split.fileBytes === 0
    ? bytes
    : unpacked(bytes, split.compression, split.path);
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

/** A reader that is there when its code has been loaded: most jobs read local files, and load nothing for others. */
class LateReader implements ByteReader {
  private reader: ByteReader | undefined;
  private closed = false;

  constructor(private readonly opening: Promise<ByteReader>) {
    opening.then(
      reader => {
        this.reader = reader;
        if (this.closed) reader.close();
      },
      () => {},
    );
  }

  read(into: Buffer): number | Promise<number> {
    if (this.closed) return 0;
    return this.reader?.read(into) ?? this.opening.then(reader => (this.closed ? 0 : reader.read(into)));
  }

  close(): void {
    this.closed = true;
    this.reader?.close();
  }
}

async function openRemote(split: ByteSplit, metrics: SourceMetrics, files: FileSettings | undefined) {
  invariant(files !== undefined, "a remote file without settings");
  const [{ fileSystemOf }, { openRemoteBytes }] = await Promise.all([
    import("./file-systems.ts"),
    import("./file-system-reader.ts"),
  ]);
  return openRemoteBytes(split, fileSystemOf(split.path, files), metrics);
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

/** `bytes` of the file from `position`, fewer where it ends; outside kernel memory, for hyparquet takes ArrayBuffers. */
export function readAt(fd: number, path: string, position: number, bytes: number): Buffer {
  const buffer = Buffer.from(new ArrayBuffer(bytes));
  let filled = 0;
  try {
    while (filled < bytes) {
      const got = readSync(fd, buffer, filled, bytes - filled, position + filled);
      if (got === 0) break;
      filled += got;
    }
  } catch (thrown) {
    throw readFailed(path, position + filled, thrown);
  }
  return buffer.subarray(0, filled);
}

export function readFailed(path: string, position: number, thrown: unknown): FiresteelError {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === "ENOENT")
    return new FiresteelError("data", `cannot read ${path}: the file is gone since the job was planned`);
  const place = position === 0 ? "" : ` at byte ${position}`;
  return new FiresteelError("data", `cannot read ${path}${place}: ${systemReason(thrown)}`, {
    hint: readHint(thrown),
    cause: thrown,
  });
}
