/**
 * The pages of one column chunk in order: decompression, repetition and definition levels. hyparquet parses the headers.
 */
import type { CompressionCodec, PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompress } from "./parquet-codecs.ts";
import { readHybrid } from "./parquet-encodings.ts";

/** More values in one page than any writer puts there; damaged counts would ask for all memory. */
const pageSlotsMax = 1 << 26;

export interface DataPage {
  /** Values and nulls, in lists or not. */
  readonly slots: number;
  /** How deep a slot is defined, one byte a slot; absent where all are values. */
  readonly definitions: Uint8Array | undefined;
  /** At which depth a slot repeats; absent outside lists. */
  readonly repetitions: Uint8Array | undefined;
  /** Slots that hold a value. */
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

export interface LevelMaxima {
  readonly definition: number;
  readonly repetition: number;
}

export class PageReader {
  private readonly reader: { view: DataView<ArrayBuffer>; offset: number };

  constructor(
    private readonly chunk: Buffer,
    private readonly codec: CompressionCodec,
    private readonly levels: LevelMaxima,
  ) {
    this.reader = { view: new DataView(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength), offset: 0 };
  }

  get atEnd(): boolean {
    return this.reader.offset >= this.chunk.length;
  }

  /** The next page of values or dictionary; throws a plain Error when there is none. */
  next(): DataPage | DictionaryPage {
    for (;;) {
      if (this.atEnd) throw new Error("it has fewer values than its row group has rows");
      const header = parquetHeader(this.reader);
      const from = this.reader.offset;
      const to = from + header.compressed_page_size;
      if (!(header.compressed_page_size >= 0) || to > this.chunk.length)
        throw new Error("a page is longer than its column");
      this.reader.offset = to;
      const body = this.chunk.subarray(from, to);
      if (header.dictionary_page_header !== undefined) {
        const bytes = decompress(this.codec, body, header.uncompressed_page_size);
        return { dictionary: true, valueCount: checkCount(header.dictionary_page_header.num_values), bytes };
      }
      if (header.data_page_header !== undefined)
        return this.dataPage(header, decompress(this.codec, body, header.uncompressed_page_size));
      if (header.data_page_header_v2 !== undefined) return this.dataPageV2(header, body);
    }
  }

  private dataPage(header: PageHeader, bytes: Buffer): DataPage {
    const { num_values, encoding, definition_level_encoding: levelEncoding } = header.data_page_header!;
    const slots = checkCount(num_values);
    if (levelEncoding !== "RLE" && this.levels.definition > 0)
      throw new Error(`levels encoded as ${levelEncoding} are not supported`);
    let at = 0;
    const levelBytes = (maximum: number) => {
      if (maximum === 0) return bytes.subarray(0, 0);
      const from = at + 4;
      at = from + bytes.readUInt32LE(at);
      return bytes.subarray(from, at);
    };
    const repetitions = readLevels(levelBytes(this.levels.repetition), this.levels.repetition, slots);
    const definitions = readLevels(levelBytes(this.levels.definition), this.levels.definition, slots);
    return this.page(slots, repetitions, definitions, encoding, bytes.subarray(at));
  }

  private dataPageV2(header: PageHeader, body: Buffer): DataPage {
    const v2 = header.data_page_header_v2!;
    const slots = checkCount(v2.num_values);
    const repetitionEnd = v2.repetition_levels_byte_length ?? 0;
    const levelsEnd = repetitionEnd + (v2.definition_levels_byte_length ?? 0);
    if (repetitionEnd < 0 || levelsEnd > body.length) throw new Error("levels are longer than their page");
    const packed = body.subarray(levelsEnd);
    const bytes =
      v2.is_compressed === false ? packed : decompress(this.codec, packed, header.uncompressed_page_size - levelsEnd);
    const repetitions = readLevels(body.subarray(0, repetitionEnd), this.levels.repetition, slots);
    const definitions = readLevels(body.subarray(repetitionEnd, levelsEnd), this.levels.definition, slots);
    return this.page(slots, repetitions, definitions, v2.encoding, bytes);
  }

  private page(
    slots: number,
    repetitions: Uint8Array | undefined,
    definitions: Uint8Array | undefined,
    encoding: string,
    bytes: Buffer,
  ): DataPage {
    if (definitions === undefined) return { slots, repetitions, definitions, valueCount: slots, encoding, bytes };
    const maximum = this.levels.definition;
    let valueCount = 0;
    for (let i = 0; i < slots; i++) if (definitions[i] === maximum) valueCount++;
    return {
      slots,
      repetitions,
      definitions: valueCount === slots ? undefined : definitions,
      valueCount,
      encoding,
      bytes,
    };
  }
}

function readLevels(bytes: Uint8Array, maximum: number, slots: number): Uint8Array | undefined {
  if (maximum === 0) return undefined;
  const levels = new Uint8Array(slots);
  readHybrid(bytes, 32 - Math.clz32(maximum), levels);
  return levels;
}

export function checkCount(count: number): number {
  if (!(count >= 0 && count <= pageSlotsMax)) throw new Error(`a page of ${count} values`);
  return count;
}
