/**
 * One top-level column of one row group, pulled a few thousand rows at a time. `FlatColumn` decodes page by page;
 * `NestedColumn` (lists, maps, structs) decodes its leaves at once and has hyparquet put them together.
 */
import type { ColumnChunk, SchemaElement, SchemaTree } from "hyparquet";
import { assembleLists, assembleNested } from "hyparquet/src/assemble.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";
import { invariant } from "../base/assert.ts";
import { readHybrid, toPlain } from "./parquet-encodings.ts";
import { type DataPage, PageReader } from "./parquet-pages.ts";
import { flatType, normalValue, readPlain } from "./parquet-values.ts";

export interface ColumnCursor {
  /** Puts the next `rows` values at out[0] …; null where there is none. */
  fill(out: unknown[], rows: number): void;
}

export type ReadChunk = (chunk: ColumnChunk) => Buffer;

/** Bytes of a column chunk in the file. */
export function chunkRange(chunk: ColumnChunk): { readonly position: number; readonly bytes: number } {
  const meta = chunk.meta_data;
  if (meta === undefined || chunk.file_path !== undefined)
    throw new Error("its values are in another file, which is not supported");
  const position = Number(meta.dictionary_page_offset || meta.data_page_offset);
  return { position, bytes: Number(meta.total_compressed_size) };
}

/** `chunks` are the leaf columns below `tree`. */
export function openColumn(
  tree: SchemaTree,
  root: SchemaTree,
  chunks: readonly ColumnChunk[],
  rows: number,
  read: ReadChunk,
): ColumnCursor {
  if (tree.children.length > 0 || tree.element.repetition_type === "REPEATED")
    return new NestedColumn(tree, root, chunks, rows, read);
  invariant(chunks[0] !== undefined, "a column has a chunk in every row group");
  return new FlatColumn(openLeaf(chunks[0], [root, tree], read));
}

/** A leaf's pages, and its values in them. */
class Leaf {
  private dictionary: unknown[] | undefined;

  constructor(
    readonly pages: PageReader,
    readonly element: SchemaElement,
  ) {}

  /** The next page of values; dictionaries on the way are kept. */
  nextPage(): DataPage {
    let page = this.pages.next();
    while ("dictionary" in page) {
      this.dictionary = readPlain(page.bytes, page.valueCount, this.element);
      page = this.pages.next();
    }
    return page;
  }

  /** The page's values, as codes into a list or without. */
  values(page: DataPage): { readonly values: unknown[]; readonly codes: Int32Array | undefined } {
    const { bytes, valueCount, encoding } = page;
    if (encoding !== "PLAIN_DICTIONARY" && encoding !== "RLE_DICTIONARY") {
      return {
        values: readPlain(toPlain(encoding, bytes, valueCount, this.element), valueCount, this.element),
        codes: undefined,
      };
    }
    const { dictionary } = this;
    if (dictionary === undefined) throw new Error("a page refers to a dictionary that is not there");
    const width = bytes[0] ?? 0;
    if (width > 32) throw new Error(`dictionary codes of ${width} bits`);
    const codes = new Int32Array(valueCount);
    if (width > 0) readHybrid(bytes.subarray(1), width, codes);
    for (let i = 0; i < valueCount; i++)
      if (codes[i]! >>> 0 >= dictionary.length) throw new Error("a value is not in its dictionary");
    return { values: dictionary, codes };
  }
}

function openLeaf(chunk: ColumnChunk, path: SchemaTree[], read: ReadChunk): Leaf {
  const levels = { definition: getMaxDefinitionLevel(path), repetition: getMaxRepetitionLevel(path) };
  return new Leaf(new PageReader(read(chunk), chunk.meta_data!.codec, levels), path.at(-1)!.element);
}

class FlatColumn implements ColumnCursor {
  private values: unknown[] = [];
  private codes: Int32Array | undefined;
  private present: Uint8Array | undefined;
  private pageRows = 0;
  private row = 0;
  private value = 0;
  private readonly isDate: boolean;

  constructor(private readonly leaf: Leaf) {
    this.isDate = flatType(leaf.element)?.kind === "date";
  }

  fill(out: unknown[], rows: number): void {
    for (let filled = 0; filled < rows;) {
      if (this.row === this.pageRows) this.loadPage();
      const count = Math.min(rows - filled, this.pageRows - this.row);
      if (this.present !== undefined) this.fillOptional(out, filled, count, this.present);
      else if (this.codes !== undefined) this.fillCoded(out, filled, count, this.codes);
      else for (let i = 0; i < count; i++) out[filled + i] = this.values[this.value++];
      this.row += count;
      filled += count;
    }
    // a Date of its own for every row: rows may be changed by who gets them
    if (this.isDate) for (let i = 0; i < rows; i++) if (out[i] !== null) out[i] = new Date(out[i] as number);
  }

  private fillCoded(out: unknown[], at: number, count: number, codes: Int32Array): void {
    const { values, value } = this;
    for (let i = 0; i < count; i++) out[at + i] = values[codes[value + i]!];
    this.value = value + count;
  }

  private fillOptional(out: unknown[], at: number, count: number, present: Uint8Array): void {
    const { values, codes, row } = this;
    let { value } = this;
    for (let i = 0; i < count; i++) {
      if (present[row + i] === 0) out[at + i] = null;
      else out[at + i] = codes === undefined ? values[value++] : values[codes[value++]!];
    }
    this.value = value;
  }

  private loadPage(): void {
    const page = this.leaf.nextPage();
    this.pageRows = page.slots;
    this.present = page.definitions;
    this.row = 0;
    this.value = 0;
    ({ values: this.values, codes: this.codes } = this.leaf.values(page));
  }
}

class NestedColumn implements ColumnCursor {
  private readonly values: ArrayLike<unknown>;
  private at = 0;

  constructor(tree: SchemaTree, root: SchemaTree, chunks: readonly ColumnChunk[], rows: number, read: ReadChunk) {
    const leaves = new Map<string, unknown[]>();
    for (const chunk of chunks) {
      const path = getTreePath(root, chunk.meta_data!.path_in_schema);
      leaves.set(chunk.meta_data!.path_in_schema.join("."), readLists(openLeaf(chunk, path, read), path));
    }
    if (tree.children.length > 0) assembleNested(leaves as Map<string, never>, tree, DEFAULT_PARSERS);
    this.values = leaves.get(tree.path.join(".")) ?? [];
    if (this.values.length < rows) throw new Error("it has fewer values than its row group has rows");
  }

  fill(out: unknown[], rows: number): void {
    for (let i = 0; i < rows; i++) out[i] = normalValue(this.values[this.at + i]);
    this.at += rows;
  }
}

/** A leaf's values in the lists that their levels say, for all of its rows. */
function readLists(leaf: Leaf, path: SchemaTree[]): unknown[] {
  const isDate = flatType(leaf.element)?.kind === "date";
  let rows: unknown[] = [];
  while (!leaf.pages.atEnd) {
    const page = leaf.nextPage();
    const { values, codes } = leaf.values(page);
    let items = codes === undefined ? values : Array.from(codes, code => values[code]);
    if (isDate) items = items.map(time => new Date(time as number));
    const { definitions, repetitions } = page;
    // both are only indexed; typed arrays are all the same to it
    const assembled = assembleLists(
      rows,
      definitions as unknown as number[],
      (repetitions ?? []) as number[],
      items,
      path,
    ) as unknown[];
    rows = assembled === rows || rows.length === 0 ? assembled : rows.concat(assembled);
  }
  return rows;
}
