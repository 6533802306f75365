/**
 * Spill files: blocks on disk, addressed by segments that are plain data. Written directly from kernel memory, or from the heap
 * where a block has no room there, and read by `spill-reader.ts`. A segment carries the length and crc32 of its plain bytes;
 * reading proves both or fails.
 *
 * A segment as long as its plain bytes is these. Any other is a chain of chunks of at most 62 KiB plain bytes, each preceded by a
 * u32: its stored length, with the top bit set when the chunk is stored as it is. Which it is the writer's choice decides. With a
 * key, either is sealed as a whole (`file-cipher.ts`), which adds to the length.
 */
import * as nodeFs from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { FiresteelError } from "../base/errors.ts";
import { pageBytes } from "../kernel/control-area.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { CompressionChoice, type CompressionRates, isShortOfRoom } from "./compression.ts";
import { type FileKey, Sealing } from "./file-cipher.ts";
import { diskError, isDiskFull } from "./local-dirs.ts";

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
  /** Encrypts; a reader needs the writer's. */
  readonly key?: FileKey | undefined;
  /** For a writer that uses its codec where that pays; without them it always does. */
  readonly rates?: CompressionRates | undefined;
  /** The file system, so that tests can fill it. */
  readonly fs?: SpillFs | undefined;
  /** For errors: "the map outputs of reduceByKey". */
  readonly what?: string | undefined;
}

export type SpillFs = Pick<
  typeof nodeFs,
  "openSync" | "writeSync" | "readSync" | "closeSync" | "unlinkSync" | "statfsSync" | "fstatSync"
>;

/** So that a chunk and what incompressible bytes may grow by fit in a page. */
export const chunkBytes = 62 * 1024;
/** Before each chunk: its stored length, with `plainChunkBit` when it is stored as it is. */
export const chunkHeadBytes = 4;
export const plainChunkBit = 0x8000_0000;
/** Of a chunk. */
export const storedBytesMax = pageBytes - 16;

/** Plain bytes encrypted at once. */
const sealedBytesMax = 256 * 1024;

export class SpillWriter {
  private readonly fs: SpillFs;
  private readonly codec: SpillCodec | undefined;
  private readonly key: FileKey | undefined;
  private readonly choice: CompressionChoice | undefined;
  private readonly what: string;
  private fd: number;
  private end = 0;
  /** Of the segment that is being written, and of what is sealed in it. */
  private segmentStart = 0;
  private start = 0;
  private sealing: Sealing | undefined;

  /** `file` must not exist. */
  constructor(
    private readonly u8: Uint8Array,
    readonly file: string,
    options: SpillOptions = {},
  ) {
    this.fs = options.fs ?? nodeFs;
    this.codec = options.codec;
    this.key = options.key;
    this.choice = options.rates && new CompressionChoice(options.rates);
    this.what = options.what ?? "rows";
    try {
      this.fd = this.fs.openSync(file, "wx+", 0o600);
    } catch (thrown) {
      throw this.failed(thrown);
    }
  }

  /** Bytes in the file so far. */
  get length(): number {
    return this.end;
  }

  /** For reading what was appended, even when the file's name is gone. */
  get descriptor(): number {
    return this.fd;
  }

  /** Whether the file can be opened by its name, as far as is known. */
  get isThere(): boolean {
    try {
      return this.fs.fstatSync(this.fd).nlink > 0;
    } catch {
      return false;
    }
  }

  /** `crc` when it is known. What was appended before a failure can still be read. */
  append(ptr: Ptr, bytes: number, crc = crc32(this.u8.subarray(ptr, ptr + bytes))): Segment {
    const start = this.end;
    try {
      this.begin(start);
      if (this.codec === undefined) this.write(this.u8, ptr, bytes);
      else this.writeWithCodec(ptr, bytes, this.codec);
      if (this.sealing !== undefined) this.writeAll(this.sealing.end());
    } catch (thrown) {
      this.end = start;
      throw this.failed(thrown);
    }
    return { file: this.file, offset: start, length: this.end - start, rawLength: bytes, crc };
  }

  /** Appends a block that is on the heap, as it is. */
  appendPlain(block: Uint8Array): Segment {
    const start = this.end;
    try {
      this.begin(start);
      this.write(block, 0, block.length);
      if (this.sealing !== undefined) this.writeAll(this.sealing.end());
    } catch (thrown) {
      this.end = start;
      throw this.failed(thrown);
    }
    return { file: this.file, offset: start, length: this.end - start, rawLength: block.length, crc: crc32(block) };
  }

  /** Appends what another file holds of a segment, as it is there. */
  appendCopy(segment: Segment, from: number): Segment {
    const start = this.end;
    try {
      const buffer = new Uint8Array(Math.min(sealedBytesMax, segment.length));
      for (let done = 0; done < segment.length;) {
        const wanted = Math.min(buffer.length, segment.length - done);
        const got = this.fs.readSync(from, buffer, 0, wanted, segment.offset + done);
        if (got === 0) throw new Error(`${segment.file} is shorter than it was`);
        this.writeAll(buffer.subarray(0, got));
        done += got;
      }
    } catch (thrown) {
      this.end = start;
      throw this.failed(thrown);
    }
    return { ...segment, file: this.file, offset: start };
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

  private begin(start: number): void {
    this.segmentStart = this.end = start;
    this.sealing = this.key && new Sealing(this.key);
    if (this.sealing !== undefined) this.writeAll(this.sealing.head);
    this.start = this.end;
  }

  /** Of the segment, as it is before it is sealed. */
  private get storedBytes(): number {
    return this.end - this.start;
  }

  private writeWithCodec(ptr: Ptr, bytes: number, codec: SpillCodec): void {
    const { segmentStart: start } = this;
    if (this.compresses(ptr, bytes, codec)) {
      this.writeChunks(ptr, bytes, codec);
      // the length tells chunks from plain bytes
      if (this.storedBytes !== bytes) return;
      this.begin(start);
      return this.write(this.u8, ptr, bytes);
    }
    try {
      this.write(this.u8, ptr, bytes);
    } catch (thrown) {
      if (!isDiskFull(thrown)) throw thrown;
      this.choice?.diskIsFull();
      this.begin(start);
      this.writeChunks(ptr, bytes, codec);
      if (this.storedBytes === bytes) throw thrown;
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
      if (keep) this.write(this.u8, head, chunkHeadBytes + stored);
      else {
        this.write(this.u8, head, chunkHeadBytes);
        this.write(this.u8, offset(ptr, done), plain);
      }
    }
  }

  private putHead(at: Ptr, value: number): void {
    for (let i = 0; i < chunkHeadBytes; i++) this.u8[at + i] = value >>> (8 * i);
  }

  private write(from: Uint8Array, start: number, bytes: number): void {
    const rates = this.choice?.rates;
    const startMs = rates?.now() ?? 0;
    const { sealing } = this;
    if (sealing === undefined) this.writeAll(from, start, bytes);
    else {
      for (let done = 0; done < bytes; done += sealedBytesMax) {
        const at = start + done;
        this.writeAll(sealing.update(from.subarray(at, at + Math.min(sealedBytesMax, bytes - done))));
      }
    }
    rates?.wrote(bytes, rates.now() - startMs);
  }

  private writeAll(from: Uint8Array, at = 0, bytes = from.length): void {
    for (let done = 0; done < bytes;) {
      const written = this.fs.writeSync(this.fd, from, at + done, bytes - done, this.end);
      done += written;
      this.end += written;
    }
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
