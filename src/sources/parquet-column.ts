/**
 * One top-level column of one row group, pulled a few thousand rows at a time. `FlatColumn` decodes page by page (plain and
 * dictionary encodings, by far the usual ones); `AssembledColumn` has hyparquet decode nested columns and rare encodings at once.
 */
import type { ColumnChunk, SchemaElement, SchemaTree } from "hyparquet";
import { assembleNested } from "hyparquet/src/assemble.js";
import { readColumn } from "hyparquet/src/column.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { getTreePath } from "hyparquet/src/schema.js";
import { flatten } from "hyparquet/src/utils.js";
import { invariant } from "../base/assert.ts";
import { decompress, PageReader, readHybrid } from "./parquet-pages.ts";
import { flatType, readPlain, shrink, type FlatType } from "./parquet-values.ts";

export interface ColumnCursor {
  /** Puts the next `rows` values at out[0] …; null where there is none. */
  fill(out: unknown[], rows: number): void;
}

/** Bytes of a column chunk in the file. */
export function chunkRange(chunk: ColumnChunk): { readonly position: number; readonly bytes: number } {
  const meta = chunk.meta_data;
  if (meta === undefined || chunk.file_path !== undefined) throw new Error("its values are in another file, which is not supported");
  const position = Number(meta.dictionary_page_offset || meta.data_page_offset);
  return { position, bytes: Number(meta.total_compressed_size) };
}

const flatEncodings = new Set(["PLAIN", "RLE", "BIT_PACKED", "PLAIN_DICTIONARY", "RLE_DICTIONARY"]);

/** `chunks` are the leaf columns below `tree`, `read` gives the bytes of one. */
export function openColumn(tree: SchemaTree, root: SchemaTree, chunks: readonly ColumnChunk[], rows: number, read: (chunk: ColumnChunk) => Buffer): ColumnCursor {
  const { element } = tree;
  const first = chunks[0];
  invariant(first?.meta_data !== undefined, "a column has a chunk in every row group");
  const type = tree.children.length === 0 && element.repetition_type !== "REPEATED" ? flatType(element) : undefined;
  if (type !== undefined && first.meta_data.encodings.every(encoding => flatEncodings.has(encoding))) {
    return new FlatColumn(new PageReader(read(first), first.meta_data.codec, element.repetition_type !== "REQUIRED"), element, type);
  }
  return new AssembledColumn(assemble(tree, root, chunks, rows, read));
}

class FlatColumn implements ColumnCursor {
  private dictionary: unknown[] | undefined;
  private values: unknown[] = [];
  private codes: Int32Array | undefined;
  private present: Uint8Array | undefined;
  private pageRows = 0;
  private row = 0;
  private value = 0;

  constructor(
    private readonly pages: PageReader,
    private readonly element: SchemaElement,
    private readonly type: FlatType,
  ) {}

  fill(out: unknown[], rows: number): void {
    for (let filled = 0; filled < rows; ) {
      if (this.row === this.pageRows) this.loadPage();
      const count = Math.min(rows - filled, this.pageRows - this.row);
      if (this.present !== undefined) this.fillOptional(out, filled, count, this.present);
      else if (this.codes !== undefined) this.fillCoded(out, filled, count, this.codes);
      else for (let i = 0; i < count; i++) out[filled + i] = this.values[this.value++];
      this.row += count;
      filled += count;
    }
    // a Date of its own for every row: rows may be changed by who gets them
    if (this.type.kind === "date") for (let i = 0; i < rows; i++) if (out[i] !== null) out[i] = new Date(out[i] as number);
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
    let page = this.pages.next();
    while ("dictionary" in page) {
      this.dictionary = readPlain(page.bytes, page.valueCount, this.element, this.type);
      page = this.pages.next();
    }
    this.pageRows = page.rows;
    this.row = 0;
    this.value = 0;
    this.present = page.present;
    this.codes = undefined;
    switch (page.encoding) {
      case "PLAIN":
        this.values = readPlain(page.bytes, page.valueCount, this.element, this.type);
        return;
      case "PLAIN_DICTIONARY":
      case "RLE_DICTIONARY":
        this.codes = this.readCodes(page.bytes, page.valueCount);
        return;
      case "RLE":
        this.values = readRunBooleans(page.bytes, page.valueCount);
        return;
      default:
        throw new Error(`encoding ${page.encoding} was not announced`);
    }
  }

  private readCodes(bytes: Buffer, count: number): Int32Array {
    const { dictionary } = this;
    if (dictionary === undefined) throw new Error("a page refers to a dictionary that is not there");
    const width = bytes[0] ?? 0;
    if (width > 32) throw new Error(`dictionary codes of ${width} bits`);
    const codes = new Int32Array(count);
    if (width > 0) readHybrid(bytes.subarray(1), width, codes);
    for (let i = 0; i < count; i++) if (codes[i]! >>> 0 >= dictionary.length) throw new Error("a value is not in its dictionary");
    this.values = dictionary;
    return codes;
  }
}

function readRunBooleans(bytes: Buffer, count: number): unknown[] {
  const bits = new Uint8Array(count);
  readHybrid(bytes.subarray(4), 1, bits);
  return Array.from(bits, bit => bit === 1);
}

class AssembledColumn implements ColumnCursor {
  private at = 0;
  constructor(private readonly values: ArrayLike<unknown>) {}

  fill(out: unknown[], rows: number): void {
    if (this.at + rows > this.values.length) throw new Error("it has fewer values than its row group has rows");
    for (let i = 0; i < rows; i++) out[i] = plainValue(this.values[this.at + i]);
    this.at += rows;
  }
}

function assemble(tree: SchemaTree, root: SchemaTree, chunks: readonly ColumnChunk[], rows: number, read: (chunk: ColumnChunk) => Buffer): ArrayLike<unknown> {
  const leaves = new Map<string, ArrayLike<unknown>>();
  for (const chunk of chunks) {
    const meta = chunk.meta_data!;
    const schemaPath = getTreePath(root, meta.path_in_schema);
    const bytes = read(chunk);
    const reader = { view: new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    const compressors = { [meta.codec]: (input: Uint8Array, plainBytes: number) => decompress(meta.codec, Buffer.from(input.buffer, input.byteOffset, input.byteLength), plainBytes) };
    const decoder = { pathInSchema: meta.path_in_schema, element: schemaPath.at(-1)!.element, schemaPath, parsers: DEFAULT_PARSERS, utf8: false, ...meta, compressors };
    const { data } = readColumn(reader, { groupStart: 0, selectStart: 0, selectEnd: rows, groupRows: rows }, decoder);
    leaves.set(meta.path_in_schema.join("."), flatten(data));
  }
  if (tree.children.length > 0) assembleNested(leaves as Map<string, never>, tree, DEFAULT_PARSERS);
  return leaves.get(tree.path.join(".")) ?? [];
}

/** hyparquet's values by this reader's rules: null for what is absent, numbers where they are exact, no shared bytes. */
function plainValue(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return shrink(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plainValue);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainValue(inner)]));
}
