/**
 * Pages of a flat column in kernel memory: decompressed, levels read, values in plain encoding or as codes. Snappy and lz4 are
 * decompressed by kernels, the other codecs by the runtime; rare encodings of values are turned into plain ones first.
 */
import type { CompressionCodec, SchemaElement } from "hyparquet";
import { lz4BlockBytesMax } from "../kernel/lz4.ts";
import { HybridCursor } from "../kernel/parquet.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import { snappyDecompress } from "../kernel/snappy.ts";
import type { SourceEnv } from "./contracts.ts";
import { blockBytes, decompress } from "./parquet-codecs.ts";
import { toPlain } from "./parquet-encodings.ts";
import type { PageSpan } from "./parquet-page-list.ts";
import { Room } from "./room.ts";

/** Encoded values in kernel memory. */
export interface ValueBytes {
  readonly ptr: Ptr;
  readonly bytes: number;
}

export interface LoadedPage extends ValueBytes {
  /** One byte a slot, 1 where there is a value; null pointer where all are. */
  readonly validity: Ptr;
  /** Slots that hold a value. */
  readonly valueCount: number;
}

export class PageBytes {
  private readonly packed: Room;
  private readonly plain: Room;
  private readonly rewritten: Room;
  private readonly validity: Room;
  private readonly levels: HybridCursor;
  private readonly optional: boolean;

  constructor(
    private readonly env: SourceEnv,
    private readonly chunk: Buffer,
    private readonly codec: CompressionCodec,
    private readonly element: SchemaElement,
  ) {
    this.optional = element.repetition_type === "OPTIONAL";
    this.packed = new Room(env);
    this.plain = new Room(env);
    this.rewritten = new Room(env);
    this.validity = new Room(env);
    this.levels = new HybridCursor(env.kernels, env.allocator);
  }

  /** The entries of a dictionary page, in plain encoding, in `into`. */
  loadDictionary(page: PageSpan, into: Room): ValueBytes {
    const plainBytes = page.header.uncompressed_page_size;
    return { ptr: this.unpackInto(into, page.from, page.to, plainBytes), bytes: plainBytes };
  }

  /** A page of values, valid until the next. */
  load(page: PageSpan): LoadedPage {
    const version2 = page.header.data_page_header_v2;
    const { validity, valueCount, ptr, bytes } = version2 === undefined ? this.loadV1(page) : this.loadV2(page);
    if (page.coded || page.encoding === "PLAIN") return { validity, valueCount, ptr, bytes };
    const { u8 } = this.env.kernels;
    const encoded = Buffer.from(u8.slice(ptr, ptr + bytes).buffer);
    const plain = toPlain(page.encoding, encoded, valueCount, this.element);
    return { validity, valueCount, ptr: this.put(plain, this.rewritten), bytes: plain.length };
  }

  free(): void {
    for (const room of [this.packed, this.plain, this.rewritten, this.validity]) room.free();
    this.levels.free();
  }

  private loadV1({ header, slots, from, to }: PageSpan): LoadedPage {
    const bytes = header.uncompressed_page_size;
    const ptr = this.unpackInto(this.plain, from, to, bytes);
    if (!this.optional) return { validity: nullPtr, valueCount: slots, ptr, bytes };
    const { definition_level_encoding: levelEncoding } = header.data_page_header!;
    if (levelEncoding !== "RLE") throw new Error(`levels encoded as ${levelEncoding} are not supported`);
    if (bytes < 4) throw new Error("levels are longer than their page");
    const u8 = this.env.kernels.u8;
    const levelBytes = u8[ptr]! + u8[ptr + 1]! * 2 ** 8 + u8[ptr + 2]! * 2 ** 16 + u8[ptr + 3]! * 2 ** 24;
    if (levelBytes > bytes - 4) throw new Error("levels are longer than their page");
    const levels = this.readLevels(offset(ptr, 4), levelBytes, slots);
    return { ...levels, ptr: offset(ptr, 4 + levelBytes), bytes: bytes - 4 - levelBytes };
  }

  private loadV2({ header, slots, from, to }: PageSpan): LoadedPage {
    const v2 = header.data_page_header_v2!;
    const repetitionBytes = v2.repetition_levels_byte_length ?? 0;
    const levelBytes = v2.definition_levels_byte_length ?? 0;
    const valuesFrom = from + repetitionBytes + levelBytes;
    if (repetitionBytes < 0 || levelBytes < 0 || valuesFrom > to) throw new Error("levels are longer than their page");
    let levels = { validity: nullPtr, valueCount: slots };
    if (this.optional) {
      const encoded = this.chunk.subarray(from + repetitionBytes, valuesFrom);
      levels = this.readLevels(this.put(encoded, this.packed), levelBytes, slots);
    }
    const bytes = header.uncompressed_page_size - repetitionBytes - levelBytes;
    const codec = v2.is_compressed === false ? "UNCOMPRESSED" : this.codec;
    const ptr = this.unpackInto(this.plain, valuesFrom, to, codec === "UNCOMPRESSED" ? to - valuesFrom : bytes, codec);
    return { ...levels, ptr, bytes: codec === "UNCOMPRESSED" ? to - valuesFrom : bytes };
  }

  private readLevels(src: Ptr, bytes: number, slots: number): { validity: Ptr; valueCount: number } {
    const validity = this.validity.ensure(slots);
    this.levels.start(src, bytes, 1);
    const valueCount = this.levels.levels(slots, validity);
    if (valueCount === undefined) throw new Error("encoded values end too early");
    return { validity: valueCount === slots ? nullPtr : validity, valueCount };
  }

  private unpackInto(room: Room, from: number, to: number, plainBytes: number, codec = this.codec): Ptr {
    const { kernels, allocator } = this.env;
    const packed = this.chunk.subarray(from, to);
    const small = plainBytes > 0 && plainBytes <= lz4BlockBytesMax;
    if (codec === "SNAPPY" || (codec === "LZ4_RAW" && small)) {
      const src = this.put(packed, this.packed);
      const dst = room.ensure(blockBytes(packed, plainBytes));
      const whole =
        codec === "LZ4_RAW"
          ? kernels.run.lz4Decompress(src, packed.length, dst, plainBytes) === plainBytes
          : plainBytes === 0 || snappyDecompress(kernels, allocator, src, packed.length, dst, plainBytes);
      if (!whole) throw new Error(`a page does not hold the ${plainBytes} bytes that its header says`);
      return dst;
    }
    return this.put(decompress(codec, packed, plainBytes), room);
  }

  private put(bytes: Uint8Array, room: Room): Ptr {
    const ptr = room.ensure(bytes.length);
    this.env.kernels.u8.set(bytes, ptr);
    return ptr;
  }
}
