/**
 * The pages of a flat column's chunk, from their headers alone: up to as many as its row group has rows. What is wrong with
 * them is a plain Error in the words of `parquet-pages.ts`, which reads the same pages one by one.
 */
import type { PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { checkCount } from "./parquet-pages.ts";

export interface PageSpan {
  /** Values and nulls; entries of a dictionary. */
  readonly slots: number;
  readonly encoding: string;
  /** The values are codes into the chunk's dictionary. */
  readonly coded: boolean;
  readonly header: PageHeader;
  /** The page's body in the chunk. */
  readonly from: number;
  readonly to: number;
}

export interface PageList {
  readonly dictionary: PageSpan | undefined;
  readonly pages: readonly PageSpan[];
}

export function listPages(chunk: Buffer, rows: number): PageList {
  const reader = {
    view: new DataView(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength),
    offset: 0,
  };
  const pages: PageSpan[] = [];
  let dictionary: PageSpan | undefined;
  for (let slots = 0; slots < rows;) {
    if (reader.offset >= chunk.length) throw new Error("it has fewer values than its row group has rows");
    const header = parquetHeader(reader);
    const from = reader.offset;
    const to = from + header.compressed_page_size;
    if (!(header.compressed_page_size >= 0) || to > chunk.length) throw new Error("a page is longer than its column");
    reader.offset = to;
    const counted = header.dictionary_page_header ?? header.data_page_header ?? header.data_page_header_v2;
    if (counted === undefined) continue;
    const { num_values: values, encoding } = counted;
    const coded = encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY";
    const page = { slots: checkCount(values), encoding, coded, header, from, to };
    if (header.dictionary_page_header !== undefined) dictionary = page;
    else {
      pages.push(page);
      slots += page.slots;
    }
  }
  return { dictionary, pages };
}
