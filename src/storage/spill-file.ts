/**
 * Spill files: blocks of kernel memory on disk, addressed by segments that are plain data. Written and read directly from and
 * to kernel memory. A segment carries the length and crc32 of its plain bytes; reading proves both or fails.
 *
 * A segment as long as its plain bytes is these. Any other is a chain of chunks of at most 62 KiB plain bytes, each preceded by a
 * u32: its stored length, with the top bit set when the chunk is stored as it is. Which it is the writer's choice decides.
 */
import * as nodeFs from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { FiresteelError } from "../base/errors.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { CompressionChoice, type CompressionRates, isShortOfRoom } from "./compression.ts";
import { diskError } from "./local-dirs.ts";

export interface Segment {
  readonly file: string;
  readonly offset: number;
  /** Bytes in the file. */
  readonly length: number;
  /** Plain bytes. */
  readonly rawLength: number;
  /** crc32 of the plain bytes. */
  readonly crc: number;
}

/**
 * A block compressor over kernel memory. It has its working memory from the start, because spilling happens when there is
 * none to be had.
 */
export interface SpillCodec {
  /** Room for a chunk's head and its compressed bytes: one page. */
  readonly scratch: Ptr;
  /** Compresses at most `chunkBytes` to `to`; gives the bytes written, at most those of a page less 16. */
  compress(from: Ptr, bytes: number, to: Ptr): number;
  /** Writes `rawBytes` at `to`; throws or gives another count when the input is damaged. */
  decompress(from: Ptr, bytes: number, to: Ptr, rawBytes: number): number;
  free(): void;
}

export interface SpillOptions {
  /** A reader needs the codec of the writer. */
  readonly codec?: SpillCodec | undefined;
  /** For a writer that uses its codec where that pays; without them it always does. */
  readonly rates?: CompressionRates | undefined;
  /** The file system, so that tests can fill it. */
  readonly fs?: SpillFs | undefined;
  /** For errors: "the map outputs of reduceByKey". */
  readonly what?: string | undefined;
}

export type SpillFs = Pick<
  typeof nodeFs,
  "openSync" | "writeSync" | "readSync" | "closeSync" | "unlinkSync" | "statfsSync"
>;

/** So that a chunk and what incompressible bytes may grow by fit in a page. */
export const chunkBytes = 62 * 1024;
/** Before each chunk: its stored length, with `plainChunkBit` when it is stored as it is. */
export const chunkHeadBytes = 4;
export const plainChunkBit = 0x8000_0000;
/** Of a chunk. */
export const storedBytesMax = pageBytes - 16;

export class SpillWriter {
  private readonly fs: SpillFs;
  private readonly codec: SpillCodec | undefined;
  private readonly choice: CompressionChoice | undefined;
  private readonly what: string;
  private fd: number;
  private end = 0;

  /** `file` must not exist. */
  constructor(
    private readonly u8: Uint8Array,
    readonly file: string,
    options: SpillOptions = {},
  ) {
    this.fs = options.fs ?? nodeFs;
    this.codec = options.codec;
    this.choice = options.rates && new CompressionChoice(options.rates);
    this.what = options.what ?? "rows";
    try {
      this.fd = this.fs.openSync(file, "wx", 0o600);
    } catch (thrown) {
      throw this.failed(thrown);
    }
  }

  /** Bytes in the file so far. */
  get length(): number {
    return this.end;
  }

  /** `crc` when it is known. */
  append(ptr: Ptr, bytes: number, crc = crc32(this.u8.subarray(ptr, ptr + bytes))): Segment {
    const start = this.end;
    try {
      if (this.codec === undefined) this.write(ptr, bytes);
      else this.writeWithCodec(ptr, bytes, this.codec);
    } catch (thrown) {
      this.abort();
      throw this.failed(thrown);
    }
    return { file: this.file, offset: start, length: this.end - start, rawLength: bytes, crc };
  }

  close(): void {
    if (this.fd < 0) return;
    const fd = this.fd;
    this.fd = -1;
    try {
      this.fs.closeSync(fd);
    } catch (thrown) {
      this.remove();
      throw this.failed(thrown);
    }
  }

  /** Closes and removes the file. */
  abort(): void {
    if (this.fd >= 0) {
      const fd = this.fd;
      this.fd = -1;
      try {
        this.fs.closeSync(fd);
      } catch {
        // The file goes away below; what closing had to say no longer matters.
      }
    }
    this.remove();
  }

  private writeWithCodec(ptr: Ptr, bytes: number, codec: SpillCodec): void {
    const start = this.end;
    if (this.compresses(ptr, bytes, codec)) {
      this.writeChunks(ptr, bytes, codec);
      // the length tells chunks from plain bytes
      if (this.end - start !== bytes) return;
      this.end = start;
      return this.write(ptr, bytes);
    }
    try {
      this.write(ptr, bytes);
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code !== "ENOSPC" && code !== "EDQUOT") throw thrown;
      this.choice?.diskIsFull();
      this.end = start;
      this.writeChunks(ptr, bytes, codec);
      if (this.end - start === bytes) throw thrown;
    }
  }

  private compresses(ptr: Ptr, bytes: number, codec: SpillCodec): boolean {
    if (this.choice === undefined) return true;
    const tryCodec = () => {
      const plain = Math.min(chunkBytes, bytes);
      return [plain, Math.min(plain, codec.compress(ptr, plain, offset(codec.scratch, 16)))] as const;
    };
    return this.choice.compresses(bytes, tryCodec, () => this.isDiskShort());
  }

  private isDiskShort(): boolean {
    try {
      const { bavail, bsize, blocks } = this.fs.statfsSync(dirname(this.file));
      return isShortOfRoom(bavail * bsize, blocks * bsize);
    } catch {
      return false; // a file system that does not tell
    }
  }

  private writeChunks(ptr: Ptr, bytes: number, codec: SpillCodec): void {
    const body = offset(codec.scratch, 16);
    const head = offset(codec.scratch, 16 - chunkHeadBytes);
    for (let done = 0; done < bytes; done += chunkBytes) {
      const plain = Math.min(chunkBytes, bytes - done);
      const stored = codec.compress(offset(ptr, done), plain, body);
      const keep = stored < plain;
      this.putHead(head, keep ? stored : plain | plainChunkBit);
      if (keep) this.write(head, chunkHeadBytes + stored);
      else {
        this.write(head, chunkHeadBytes);
        this.write(offset(ptr, done), plain);
      }
    }
  }

  private putHead(at: Ptr, value: number): void {
    for (let i = 0; i < chunkHeadBytes; i++) this.u8[at + i] = value >>> (8 * i);
  }

  private write(ptr: Ptr, bytes: number): void {
    const rates = this.choice?.rates;
    const startMs = rates?.now() ?? 0;
    for (let done = 0; done < bytes;) {
      const written = this.fs.writeSync(this.fd, this.u8, ptr + done, bytes - done, this.end);
      done += written;
      this.end += written;
    }
    rates?.wrote(bytes, rates.now() - startMs);
  }

  private remove(): void {
    try {
      this.fs.unlinkSync(this.file);
    } catch {
      // Removing is a courtesy: the process's directory is removed as a whole later.
    }
  }

  private failed(thrown: unknown): FiresteelError {
    return thrown instanceof FiresteelError
      ? thrown
      : diskError(`spilling ${this.what} to ${dirname(this.file)}`, thrown);
  }
}

const openFilesMax = 16;

/** Reads segments, keeping a few files open. */
export class SpillReader {
  private readonly fs: SpillFs;
  private readonly codec: SpillCodec | undefined;
  private readonly open = new Map<string, number>();

  constructor(
    private readonly u8: Uint8Array,
    options: SpillOptions = {},
  ) {
    this.fs = options.fs ?? nodeFs;
    this.codec = options.codec;
  }

  /** Fills `to` with the segment's `rawLength` plain bytes. Throws kind "data" when the file is not what was written. */
  read(segment: Segment, to: Ptr): void {
    try {
      const fd = this.descriptor(segment.file);
      if (this.codec === undefined || segment.length === segment.rawLength)
        this.fill(fd, to, segment.length, segment.offset);
      else if (isOneChunk(segment)) this.readChunk(fd, segment, to, this.codec);
      else this.readChunks(fd, segment, to, this.codec);
    } catch (thrown) {
      throw damaged(segment, thrown instanceof Error ? thrown.message : String(thrown), thrown);
    }
    const crc = crc32(this.u8.subarray(to, to + segment.rawLength));
    if (crc !== segment.crc) throw damaged(segment, `its checksum is ${hex(crc)} and should be ${hex(segment.crc)}`);
  }

  close(): void {
    for (const fd of this.open.values()) this.fs.closeSync(fd);
    this.open.clear();
  }

  /** A segment of one chunk, at once. */
  private readChunk(fd: number, { offset: at, length, rawLength }: Segment, to: Ptr, codec: SpillCodec): void {
    const { scratch } = codec;
    this.fill(fd, scratch, length, at);
    const head = this.getHead(scratch);
    const stored = (head & ~plainChunkBit) >>> 0;
    if (chunkHeadBytes + stored !== length) throw new Error("a chunk has another length");
    if ((head & plainChunkBit) === 0) this.decompress(codec, offset(scratch, chunkHeadBytes), stored, to, rawLength);
    else if (stored !== rawLength) throw new Error("a chunk has another length");
    else this.u8.copyWithin(to, scratch + chunkHeadBytes, scratch + length);
  }

  private readChunks(fd: number, segment: Segment, to: Ptr, codec: SpillCodec): void {
    const { scratch } = codec;
    const stop = segment.offset + segment.length;
    let at = segment.offset;
    for (let done = 0; done < segment.rawLength; done += chunkBytes) {
      const plain = Math.min(chunkBytes, segment.rawLength - done);
      const into = offset(to, done);
      this.fill(fd, scratch, chunkHeadBytes, at);
      const head = this.getHead(scratch);
      const stored = (head & ~plainChunkBit) >>> 0;
      at += chunkHeadBytes;
      if (at + stored > stop || stored > storedBytesMax) throw new Error("a chunk is longer than its segment");
      if ((head & plainChunkBit) !== 0) {
        if (stored !== plain) throw new Error("a chunk has another length");
        this.fill(fd, into, plain, at);
      } else {
        this.fill(fd, scratch, stored, at);
        this.decompress(codec, scratch, stored, into, plain);
      }
      at += stored;
    }
    if (at !== stop) throw new Error("it is longer than its rows");
  }

  private decompress(codec: SpillCodec, from: Ptr, stored: number, to: Ptr, plain: number): void {
    const made = codec.decompress(from, stored, to, plain);
    if (made !== plain) throw new Error(`a chunk holds ${made} bytes instead of ${plain}`);
  }

  private getHead(at: Ptr): number {
    let value = 0;
    for (let i = 0; i < chunkHeadBytes; i++) value |= this.u8[at + i]! << (8 * i);
    return value;
  }

  private fill(fd: number, to: Ptr, bytes: number, from: number): void {
    for (let done = 0; done < bytes;) {
      const got = this.fs.readSync(fd, this.u8, to + done, bytes - done, from + done);
      if (got === 0) throw new Error("the file is shorter than it was");
      done += got;
    }
  }

  private descriptor(file: string): number {
    const known = this.open.get(file);
    if (known !== undefined) return known;
    if (this.open.size >= openFilesMax) {
      const [oldest] = this.open;
      this.fs.closeSync(oldest![1]);
      this.open.delete(oldest![0]);
    }
    const fd = this.fs.openSync(file, "r");
    this.open.set(file, fd);
    return fd;
  }
}

function isOneChunk({ length, rawLength }: Segment): boolean {
  return rawLength > 0 && rawLength <= chunkBytes && length <= storedBytesMax;
}

function damaged(segment: Segment, why: string, cause?: unknown): FiresteelError {
  const where = `${segment.file}, bytes ${segment.offset} to ${segment.offset + segment.length}`;
  return new FiresteelError("data", `a spilled block cannot be read back (${where}): ${why}`, {
    hint: "check the disk behind firesteel.local.dirs, and that nothing cleans it while a job runs",
    cause,
  });
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
