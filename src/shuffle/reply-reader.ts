/**
 * Takes a reply apart as it comes, in pieces cut anywhere, and puts blocks into kernel memory, unpacked. Proves the crc32 of each;
 * anything that is not a reply is an error of kind "data". Knows nothing of which segments were asked for: the sink does.
 */
import { crc32 } from "node:zlib";
import { FiresteelError } from "../base/errors.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import {
  chunkBytes,
  chunkHeadBytes,
  plainChunkBit,
  type Segment,
  type SpillCodec,
  storedBytesMax,
} from "../storage/spill-file.ts";
import {
  fileNameBytesMax,
  filePlaceBytes,
  frame,
  frameHeadBytes,
  type Unreadable,
  unreadableBytesMax,
} from "./segment-wire.ts";

export interface ReplySink {
  /** Memory for the block that begins; it is freed by `free` unless it arrives. */
  allocate(bytes: number): Ptr;
  free(ptr: Ptr, bytes: number): void;
  arrived(ptr: Ptr, bytes: number): void;
  /** A block that is to be read from a file of this host. */
  inFile(segment: Segment): void;
  ended(blocks: number): void;
  more(): void;
  missing(): void;
  unreadable(why: Unreadable): void;
}

type Part = "head" | "name" | "why" | "place" | "plain" | "chunkHead" | "chunk";

export class ReplyReader {
  private part: Part = "head";
  /** Bytes that the part takes, and those of it that have come, but for plain blocks and when it came in one piece. */
  private wanted = frameHeadBytes;
  private kept = new Uint8Array(256);
  private keptBytes = 0;
  /** The block that is coming. */
  private block: { readonly ptr: Ptr; readonly bytes: number; readonly crc: number } | undefined;
  private filledBytes = 0;
  private isPlainChunk = false;
  private place = { bytes: 0, crc: 0 };
  private file: string | undefined;

  constructor(
    private readonly u8: Uint8Array,
    private readonly codec: SpillCodec | undefined,
    private readonly sink: ReplySink,
  ) {}

  /** Between two frames. */
  get isAtFrame(): boolean {
    return this.part === "head" && this.keptBytes === 0;
  }

  feed(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) {
      if (this.part === "plain") {
        const part = Math.min(piece.length - at, this.block!.bytes - this.filledBytes);
        this.fill(part === piece.length ? piece : piece.subarray(at, at + part));
        at += part;
        continue;
      }
      const part = Math.min(piece.length - at, this.wanted - this.keptBytes);
      const bytes = piece.subarray(at, at + part);
      at += part;
      if (part === this.wanted) this.handle(bytes);
      else {
        this.keep(bytes);
        if (this.keptBytes < this.wanted) return;
        this.keptBytes = 0;
        this.handle(this.kept.subarray(0, this.wanted));
      }
    }
  }

  /** Frees the block that has not come to its end. */
  free(): void {
    if (this.block !== undefined) this.sink.free(this.block.ptr, this.block.bytes);
    this.block = undefined;
  }

  private keep(bytes: Uint8Array): void {
    if (this.kept.length < this.wanted) {
      const grown = new Uint8Array(Math.max(this.wanted, storedBytesMax));
      grown.set(this.kept.subarray(0, this.keptBytes));
      this.kept = grown;
    }
    this.kept.set(bytes, this.keptBytes);
    this.keptBytes += bytes.length;
  }

  private expect(part: Part, bytes: number): void {
    this.part = part;
    this.wanted = bytes;
  }

  private handle(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    switch (this.part) {
      case "head":
        return this.head(view.getUint8(0), view.getUint32(4, true), view.getUint32(8, true));
      case "name":
        this.file = new TextDecoder().decode(bytes);
        return this.expect("head", frameHeadBytes);
      case "why":
        this.expect("head", frameHeadBytes);
        return this.sink.unreadable(readWhy(bytes));
      case "place": {
        const { bytes: rawLength, crc } = this.place;
        if (this.file === undefined) throw damaged("a block lies in a file that was not named");
        const [at, length] = [view.getFloat64(0, true), view.getUint32(8, true)];
        this.expect("head", frameHeadBytes);
        return this.sink.inFile({ file: this.file, offset: at, length, rawLength, crc });
      }
      case "chunkHead": {
        const head = view.getUint32(0, true);
        const stored = (head & ~plainChunkBit) >>> 0;
        this.isPlainChunk = (head & plainChunkBit) !== 0;
        if (stored === 0 || stored > storedBytesMax) throw damaged(`a chunk has ${stored} bytes`);
        return this.expect("chunk", stored);
      }
      default:
        return this.chunk(bytes);
    }
  }

  private head(type: number, a: number, b: number): void {
    switch (type) {
      case frame.plain:
      case frame.packed: {
        if (a === 0) throw damaged("a block has no bytes");
        if (type === frame.packed && this.codec === undefined)
          throw damaged("a block is packed without being asked for");
        this.block = { ptr: this.sink.allocate(a), bytes: a, crc: b };
        this.filledBytes = 0;
        return type === frame.plain ? this.expect("plain", 0) : this.expect("chunkHead", chunkHeadBytes);
      }
      case frame.inFile:
        this.place = { bytes: a, crc: b };
        return this.expect("place", filePlaceBytes);
      case frame.file:
        if (a === 0 || a > fileNameBytesMax) throw damaged(`a file name has ${a} bytes`);
        return this.expect("name", a);
      case frame.unreadable:
        if (a === 0 || a > unreadableBytesMax) throw damaged(`a reason has ${a} bytes`);
        return this.expect("why", a);
      case frame.end:
        return this.sink.ended(a);
      case frame.more:
        return this.sink.more();
      case frame.missing:
        return this.sink.missing();
      default:
        throw damaged(`a frame of type ${type}`);
    }
  }

  private chunk(bytes: Uint8Array): void {
    const { u8, codec } = this;
    const left = this.block!.bytes - this.filledBytes;
    const plain = Math.min(chunkBytes, left);
    this.expect("chunkHead", chunkHeadBytes);
    if (this.isPlainChunk) {
      if (bytes.length !== plain) throw damaged(`a chunk has ${bytes.length} bytes instead of ${plain}`);
      return this.fill(bytes);
    }
    const into = offset(this.block!.ptr, this.filledBytes);
    u8.set(bytes, codec!.scratch);
    let made: number;
    try {
      made = codec!.decompress(codec!.scratch, bytes.length, into, plain);
    } catch (thrown) {
      throw damaged(thrown instanceof Error ? thrown.message : String(thrown), thrown);
    }
    if (made !== plain) throw damaged(`a chunk holds ${made} bytes instead of ${plain}`);
    this.filled(plain);
  }

  private fill(bytes: Uint8Array): void {
    this.u8.set(bytes, this.block!.ptr + this.filledBytes);
    this.filled(bytes.length);
  }

  private filled(bytes: number): void {
    const block = this.block!;
    this.filledBytes += bytes;
    if (this.filledBytes < block.bytes) return;
    const crc = crc32(this.u8.subarray(block.ptr, block.ptr + block.bytes));
    if (crc !== block.crc) throw damaged(`a block's checksum is ${hex(crc)} and should be ${hex(block.crc)}`);
    this.block = undefined;
    this.expect("head", frameHeadBytes);
    this.sink.arrived(block.ptr, block.bytes);
  }
}

function readWhy(bytes: Uint8Array): Unreadable {
  try {
    const { message, hint } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return { message: String(message), hint: hint === undefined ? undefined : String(hint) };
  } catch (thrown) {
    throw damaged("a reason is not JSON", thrown);
  }
}

/** The reply is not what was asked for; asking again would not help. */
export class DamagedReply extends FiresteelError {}

export function damaged(why: string, cause?: unknown): DamagedReply {
  return new DamagedReply("data", `its answer is damaged: ${why}`, { cause });
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
