/** Reads segments of spill files into kernel memory, and proves that they are what was written. */
import * as nodeFs from "node:fs";
import { crc32 } from "node:zlib";
import { FiresteelError } from "../base/errors.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { SealedFile, unsealedLength } from "./file-cipher.ts";
import {
  chunkBytes,
  chunkHeadBytes,
  plainChunkBit,
  type Segment,
  type SpillCodec,
  type SpillFs,
  type SpillOptions,
  storedBytesMax,
} from "./spill-file.ts";

const openFilesMax = 16;
/** Sealed bytes read at once. */
const unsealedBytesMax = 256 * 1024;

export interface SpillReading extends SpillOptions {
  /** The descriptor of a file that its writer has open. */
  readonly descriptorOf?: ((file: string) => number | undefined) | undefined;
}

/** Gives the next bytes of a segment. */
type Take = (to: Ptr, bytes: number) => void;

/** Reads segments, keeping a few files open. */
export class SpillReader {
  private readonly fs: SpillFs;
  private readonly codec: SpillCodec | undefined;
  private readonly open = new Map<string, number>();

  constructor(
    private readonly u8: Uint8Array,
    private readonly options: SpillReading = {},
  ) {
    this.fs = options.fs ?? nodeFs;
    this.codec = options.codec;
  }

  /** Fills `to` with the segment's `rawLength` plain bytes. Throws kind "data" when the file is not what was written. */
  read(segment: Segment, to: Ptr): void {
    try {
      const fd = this.options.descriptorOf?.(segment.file) ?? this.descriptor(segment.file);
      this.readFrom(fd, segment, to);
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

  private readFrom(fd: number, segment: Segment, to: Ptr): void {
    const { key } = this.options;
    const length = unsealedLength(segment.length, key);
    let at = segment.offset;
    const fill = (into: Uint8Array, from: number, bytes: number) => {
      for (let done = 0; done < bytes;) {
        const got = this.fs.readSync(fd, into, from + done, bytes - done, at);
        if (got === 0) throw new Error("the file is shorter than it was");
        done += got;
        at += got;
      }
    };
    if (length < 0) throw new Error("it is too short to be whole");
    if (key === undefined) {
      this.unpack(segment, length, to, (into, bytes) => fill(this.u8, into, bytes));
      return;
    }
    const sealed = new SealedFile(key, into => fill(into, 0, into.length));
    this.unpack(segment, length, to, (into, bytes) => {
      for (let done = 0; done < bytes; done += unsealedBytesMax)
        this.u8.set(sealed.take(Math.min(unsealedBytesMax, bytes - done)), into + done);
    });
    sealed.end();
  }

  /** `length` bytes are stored. */
  private unpack({ rawLength }: Segment, length: number, to: Ptr, take: Take): void {
    const { codec } = this;
    if (codec === undefined || length === rawLength) {
      if (length !== rawLength) throw new Error("it has another length");
      take(to, length);
    } else if (isOneChunk(rawLength, length)) this.readChunk(length, rawLength, to, codec, take);
    else this.readChunks(length, rawLength, to, codec, take);
  }

  /** A segment of one chunk, at once. */
  private readChunk(length: number, rawLength: number, to: Ptr, codec: SpillCodec, take: Take): void {
    const { scratch } = codec;
    take(scratch, length);
    const head = this.getHead(scratch);
    const stored = (head & ~plainChunkBit) >>> 0;
    if (chunkHeadBytes + stored !== length) throw new Error("a chunk has another length");
    if ((head & plainChunkBit) === 0) this.decompress(codec, offset(scratch, chunkHeadBytes), stored, to, rawLength);
    else if (stored !== rawLength) throw new Error("a chunk has another length");
    else this.u8.copyWithin(to, scratch + chunkHeadBytes, scratch + length);
  }

  private readChunks(length: number, rawLength: number, to: Ptr, codec: SpillCodec, take: Take): void {
    const { scratch } = codec;
    let left = length;
    for (let done = 0; done < rawLength; done += chunkBytes) {
      const plain = Math.min(chunkBytes, rawLength - done);
      const into = offset(to, done);
      if (left < chunkHeadBytes) throw new Error("a chunk is longer than its segment");
      take(scratch, chunkHeadBytes);
      const head = this.getHead(scratch);
      const stored = (head & ~plainChunkBit) >>> 0;
      left -= chunkHeadBytes;
      if (stored > left || stored > storedBytesMax) throw new Error("a chunk is longer than its segment");
      if ((head & plainChunkBit) !== 0) {
        if (stored !== plain) throw new Error("a chunk has another length");
        take(into, plain);
      } else {
        take(scratch, stored);
        this.decompress(codec, scratch, stored, into, plain);
      }
      left -= stored;
    }
    if (left !== 0) throw new Error("it is longer than its rows");
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

function isOneChunk(rawLength: number, length: number): boolean {
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
