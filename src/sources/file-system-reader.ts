/**
 * A split of a remote file as a `ByteReader`: ranges are asked for ahead of the reader, a few at once, so that the network is
 * busy while rows are made. The first ones are small, for tasks that want little. What is held is bounded (`aheadMax` ranges of
 * `rangeBytesMax`), on the JavaScript heap, since it belongs to the network until it is copied into the split's buffer.
 *
 * A file without ranges is one stream from its beginning.
 */
import type { ByteReader } from "./byte-reader.ts";
import type { ByteSplit, SourceMetrics } from "./contracts.ts";
import type { FileSystem } from "./file-system.ts";

const rangeBytesMin = 1 << 18;
const rangeBytesMax = 1 << 22;
const aheadMax = 3;
/** Beyond the split's end, where its last line ends, is asked for little by little. */
const tailBytesMax = 1 << 16;

export function openRemoteBytes(split: ByteSplit, files: FileSystem, metrics: SourceMetrics): ByteReader {
  return split.wholeOnly === true ? new StreamReader(split, files, metrics) : new RangeReader(split, files, metrics);
}

class RangeReader implements ByteReader {
  private readonly ahead: Promise<Uint8Array>[] = [];
  private piece: Uint8Array = new Uint8Array(0);
  private nextByte: number;
  private nextBytes = rangeBytesMin;
  private readonly verified: Promise<void>;
  private closed = false;

  constructor(
    private readonly split: ByteSplit,
    private readonly files: FileSystem,
    private readonly metrics: SourceMetrics,
  ) {
    this.nextByte = split.start;
    this.verified = files.verify?.(fileOf(split)) ?? Promise.resolve();
    // awaited with the first range, if it is ever
    this.verified.catch(() => {});
    this.askAhead();
  }

  read(into: Buffer): number | Promise<number> {
    if (this.piece.length > 0) return this.take(into);
    if (this.ahead.length === 0) this.ask(tailBytesMax, this.split.fileBytes);
    const next = this.ahead.shift();
    if (next === undefined || this.closed) return 0;
    this.askAhead();
    return next.then(piece => {
      // after close `into` is no longer ours to write
      if (this.closed) return 0;
      this.metrics.add("bytesRead", piece.length);
      this.piece = piece;
      return this.take(into);
    });
  }

  close(): void {
    this.closed = true;
    this.ahead.length = 0;
    this.piece = new Uint8Array(0);
  }

  private take(into: Buffer): number {
    const bytes = Math.min(into.length, this.piece.length);
    into.set(this.piece.subarray(0, bytes));
    this.piece = this.piece.subarray(bytes);
    return bytes;
  }

  private askAhead(): void {
    while (this.ahead.length < aheadMax && this.nextByte < this.split.end) {
      this.ask(this.nextBytes, this.split.end);
      this.nextBytes = Math.min(this.nextBytes * 4, rangeBytesMax);
    }
  }

  private ask(bytes: number, end: number): void {
    const from = this.nextByte;
    const to = Math.min(from + bytes, end);
    if (from >= to) return;
    this.nextByte = to;
    const asked = this.verified.then(() => this.files.read(fileOf(this.split), from, to));
    // one that is asked ahead may fail before anyone waits for it
    asked.catch(() => {});
    this.ahead.push(asked);
  }
}

class StreamReader implements ByteReader {
  private readonly pieces: AsyncIterator<Uint8Array>;
  private piece: Uint8Array = new Uint8Array(0);
  private closed = false;

  constructor(
    split: ByteSplit,
    files: FileSystem,
    private readonly metrics: SourceMetrics,
  ) {
    this.pieces = files.stream!(fileOf(split))[Symbol.asyncIterator]();
  }

  read(into: Buffer): number | Promise<number> {
    if (this.piece.length > 0) return this.take(into);
    if (this.closed) return 0;
    return this.pieces.next().then(next => {
      if (next.done === true || this.closed) return 0;
      this.metrics.add("bytesRead", next.value.length);
      this.piece = next.value;
      return next.value.length > 0 ? this.take(into) : this.read(into);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    void Promise.resolve(this.pieces.return?.()).catch(() => {});
  }

  private take(into: Buffer): number {
    const bytes = Math.min(into.length, this.piece.length);
    into.set(this.piece.subarray(0, bytes));
    this.piece = this.piece.subarray(bytes);
    return bytes;
  }
}

function fileOf({ path, address = path, fileBytes, version, wholeOnly }: ByteSplit) {
  return {
    ...{ path: address, bytes: fileBytes },
    ...(version !== undefined && { version }),
    ...(wholeOnly === true && { wholeOnly }),
  };
}
