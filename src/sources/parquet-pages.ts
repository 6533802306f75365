/**
 * The pages of a flat column chunk: decompression, definition levels, and the hybrid of runs and bit-packed groups that
 * dictionary codes come in (Apache Parquet format, "Encodings"). What it decodes stays in typed arrays; hyparquet parses the headers.
 */
import type { CompressionCodec, PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { snappyUncompress } from "hyparquet/src/snappy.js";
import { zlib } from "./lazy-zlib.ts";
import { lz4Uncompress } from "./lz4-block.ts";

export interface DataPage {
  readonly rows: number;
  /** One byte a row, 1 for a value, 0 for null; absent when there are no nulls. */
  readonly present: Uint8Array | undefined;
  /** Values that are there. */
  readonly valueCount: number;
  readonly encoding: string;
  /** The encoded values. */
  readonly bytes: Buffer;
}

export interface DictionaryPage {
  readonly dictionary: true;
  readonly valueCount: number;
  readonly bytes: Buffer;
}

/** Reads the pages of one column chunk in order. */
export class PageReader {
  private readonly reader: { view: DataView<ArrayBuffer>; offset: number };

  constructor(
    private readonly chunk: Buffer,
    private readonly codec: CompressionCodec,
    private readonly optional: boolean,
  ) {
    this.reader = { view: new DataView(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength), offset: 0 };
  }

  /** The next page of values or dictionary; throws a plain Error when there is none. */
  next(): DataPage | DictionaryPage {
    for (;;) {
      if (this.reader.offset >= this.chunk.length) throw new Error("it has fewer values than its row group has rows");
      const header = parquetHeader(this.reader);
      const from = this.reader.offset;
      const to = from + header.compressed_page_size;
      if (!(header.compressed_page_size >= 0) || to > this.chunk.length) throw new Error("a page is longer than its column");
      this.reader.offset = to;
      const body = this.chunk.subarray(from, to);
      if (header.dictionary_page_header !== undefined) {
        const bytes = this.decompress(body, header.uncompressed_page_size);
        return { dictionary: true, valueCount: header.dictionary_page_header.num_values, bytes };
      }
      if (header.data_page_header !== undefined) return this.dataPage(header, this.decompress(body, header.uncompressed_page_size));
      if (header.data_page_header_v2 !== undefined) return this.dataPageV2(header, body);
    }
  }

  private dataPage(header: PageHeader, bytes: Buffer): DataPage {
    const { num_values: rows, encoding } = header.data_page_header!;
    if (!this.optional) return { rows, present: undefined, valueCount: rows, encoding, bytes };
    const levelBytes = bytes.readUInt32LE(0);
    const levels = readLevels(bytes.subarray(4, 4 + levelBytes), rows);
    return { rows, ...levels, encoding, bytes: bytes.subarray(4 + levelBytes) };
  }

  private dataPageV2(header: PageHeader, body: Buffer): DataPage {
    const v2 = header.data_page_header_v2!;
    const { num_values: rows, encoding } = v2;
    const repetitionBytes = v2.repetition_levels_byte_length ?? 0;
    const levelBytes = v2.definition_levels_byte_length ?? 0;
    const packed = body.subarray(repetitionBytes + levelBytes);
    const bytes = v2.is_compressed === false ? packed : this.decompress(packed, header.uncompressed_page_size - repetitionBytes - levelBytes);
    if (!this.optional) return { rows, present: undefined, valueCount: rows, encoding, bytes };
    const levels = readLevels(body.subarray(repetitionBytes, repetitionBytes + levelBytes), rows);
    return { rows, ...levels, encoding, bytes };
  }

  private decompress(bytes: Buffer, plainBytes: number): Buffer {
    const plain = decompress(this.codec, bytes, plainBytes);
    if (plain.length !== plainBytes) throw new Error(`a page has ${plain.length} bytes, its header says ${plainBytes}`);
    return plain;
  }
}

export function decompress(codec: CompressionCodec, bytes: Buffer, plainBytes: number): Buffer {
  switch (codec) {
    case "UNCOMPRESSED":
      return bytes;
    case "ZSTD":
      return plainBytes === 0 ? Buffer.alloc(0) : zlib().zstdDecompressSync(bytes);
    case "GZIP":
      return zlib().gunzipSync(bytes);
    case "BROTLI":
      return zlib().brotliDecompressSync(bytes);
    case "SNAPPY": {
      const plain = Buffer.alloc(plainBytes);
      if (plainBytes > 0) snappyUncompress(bytes, plain);
      return plain;
    }
    case "LZ4_RAW":
      return lz4Uncompress(bytes, plainBytes);
    default:
      throw new Error(`compression ${codec} is not supported; write it with zstd, snappy, gzip, brotli or lz4_raw`);
  }
}

/** Definition levels of an optional column, 0 or 1. */
function readLevels(bytes: Buffer, rows: number): { present: Uint8Array | undefined; valueCount: number } {
  const present = new Uint8Array(rows);
  readHybrid(bytes, 1, present);
  let valueCount = 0;
  for (let i = 0; i < rows; i++) valueCount += present[i]!;
  return { present: valueCount === rows ? undefined : present, valueCount };
}

/** Fills `out` from runs and bit-packed groups of values of `width` ≤ 32 bits. */
export function readHybrid(bytes: Uint8Array, width: number, out: Uint8Array | Int32Array): void {
  const valueBytes = (width + 7) >> 3;
  let at = 0;
  let filled = 0;
  while (filled < out.length) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw new Error("encoded values end too early");
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    header >>>= 0;
    const count = header >>> 1;
    if (count === 0) throw new Error("an empty run among encoded values");
    if ((header & 1) === 1) {
      const values = Math.min(count * 8, out.length - filled);
      unpackBits(bytes, at, width, out, filled, values);
      at += count * width;
      filled += values;
    } else {
      if (at + valueBytes > bytes.length) throw new Error("encoded values end too early");
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= bytes[at++]! << (i * 8);
      const end = Math.min(out.length, filled + count);
      out.fill(value, filled, end);
      filled = end;
    }
  }
}

/** Bits past the end of `bytes` read as zero: writers may leave out the last group's padding. */
function unpackBits(bytes: Uint8Array, from: number, width: number, out: Uint8Array | Int32Array, start: number, count: number): void {
  if (from >= bytes.length && width > 0) throw new Error("encoded values end too early");
  if (width > 24) {
    unpackWideBits(bytes, from, width, out, start, count);
    return;
  }
  const mask = (1 << width) - 1;
  let at = from;
  let bits = 0;
  let held = 0;
  for (let i = start; i < start + count; i++) {
    while (held < width) {
      bits |= bytes[at++]! << held;
      held += 8;
    }
    out[i] = bits & mask;
    bits >>>= width;
    held -= width;
  }
}

function unpackWideBits(bytes: Uint8Array, from: number, width: number, out: Uint8Array | Int32Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let bit = 0; bit < width; bit++) {
      const position = i * width + bit;
      value |= (((bytes[from + (position >> 3)] ?? 0) >> (position & 7)) & 1) << bit;
    }
    out[start + i] = value;
  }
}
