/**
 * A flat column of one row group as columns in kernel memory, a batch at a time: numbers, times, booleans and strings. Strings
 * that the file keeps in a small dictionary stay codes into it. Values that the native type does not have end in `Unfit`.
 */
import type { ColumnMetaData, SchemaElement } from "hyparquet";
import { type Column, batchRowsMax } from "../data/column.ts";
import { countMask } from "../kernel/bitmap.ts";
import { copyBytes, fill, gather } from "../kernel/move.ts";
import { columnWidth, HybridCursor, plainWidth, readBools, readNumbers, spread } from "../kernel/parquet.ts";
import { nullPtr, offset, type Ptr } from "../kernel/ptr.ts";
import type { SourceEnv } from "./contracts.ts";
import { ChunkDictionary } from "./parquet-dictionary.ts";
import { type NativeType, Unfit } from "./parquet-native-type.ts";
import { type LoadedPage, PageBytes } from "./parquet-page-bytes.ts";
import { listPages, type PageList, type PageSpan } from "./parquet-page-list.ts";
import { StringRows } from "./parquet-strings.ts";
import { Room } from "./room.ts";

/** A dictionary of more strings is no use to a batch, whose rows share few of them. */
const dictionaryRowsMax = 4096;

/** The page at hand: how far its slots and its values have been handed out. */
interface OpenPage extends LoadedPage {
  readonly span: PageSpan;
  slot: number;
  /** Values, or bytes of plain strings. */
  value: number;
}

export class NativeColumn {
  private readonly list: PageList;
  private readonly pages: PageBytes;
  private readonly dictionary: ChunkDictionary;
  private readonly codes: HybridCursor;
  private readonly strings: StringRows;
  private readonly rooms: { readonly [use in "codes" | "dense" | "values" | "validity"]: Room };
  private nextPage = 0;
  private open: OpenPage | undefined;
  /** Whether a row may be absent: once one was, the layout stays optional. */
  hasNulls: boolean;

  constructor(
    private readonly env: SourceEnv,
    private readonly type: NativeType,
    element: SchemaElement,
    meta: ColumnMetaData,
    chunk: Buffer,
    rows: number,
    hasNulls: boolean,
  ) {
    this.list = listPages(chunk, rows);
    this.hasNulls = hasNulls || Number(meta.statistics?.null_count ?? 0) > 0;
    this.pages = new PageBytes(env, chunk, meta.codec, element);
    this.dictionary = new ChunkDictionary(env, type);
    this.codes = new HybridCursor(env.kernels, env.allocator);
    this.strings = new StringRows(env);
    this.rooms = { codes: new Room(env), dense: new Room(env), values: new Room(env), validity: new Room(env) };
  }

  /** How many of the next rows, at most `most`, come in one layout: a page's strings are codes, or none are. */
  rowsAhead(most: number): number {
    if (this.type.kind !== "utf8") return most;
    const { open } = this;
    let rows = open === undefined ? 0 : open.span.slots - open.slot;
    let coded = rows > 0 ? open!.span.coded : undefined;
    for (const page of this.list.pages.slice(this.nextPage)) {
      if (rows >= most) return most;
      if (page.slots === 0) continue;
      if (coded !== undefined && page.coded !== coded) break;
      coded = page.coded;
      rows += page.slots;
    }
    return Math.min(rows, most);
  }

  /** The next rows, as many as `rowsAhead` said at most; valid until the next call. */
  fill(rows: number): Column {
    const { kernels } = this.env;
    const validity = this.rooms.validity.ensure(batchRowsMax);
    let coded = false;
    this.strings.clear();
    for (let filled = 0; filled < rows;) {
      const page = this.pageWithRows();
      const take = Math.min(rows - filled, page.span.slots - page.slot);
      const mask = page.validity === nullPtr ? nullPtr : offset(page.validity, page.slot);
      const present = mask === nullPtr ? take : countMask(kernels, mask, take);
      if (mask === nullPtr) fill(kernels, 1, offset(validity, filled), take, 1);
      else copyBytes(kernels, mask, take, offset(validity, filled));
      this.hasNulls ||= present < take;
      coded = page.span.coded;
      if (this.type.kind === "utf8" && !coded) page.value = this.strings.append(page, page.value, mask, take);
      else this.take(page, mask, take, present, filled);
      page.slot += take;
      filled += take;
    }
    const item = this.column(rows, coded, validity);
    return this.hasNulls ? { kind: "optional", rows, absent: null, validity, item } : item;
  }

  close(): void {
    for (const room of Object.values(this.rooms)) room.free();
    this.strings.free();
    this.codes.free();
    this.dictionary.free();
    this.pages.free();
  }

  private column(rows: number, coded: boolean, validity: Ptr): Column {
    const { type, strings, dictionary } = this;
    const values = this.rooms.values.ensure(batchRowsMax * 8);
    if (type.kind === "numbers") return { kind: type.column, rows, values };
    if (type.kind === "bool") return { kind: "bool", rows, values };
    if (!coded) return strings.checked();
    if (dictionary.rows > 0 && dictionary.rows <= dictionaryRowsMax)
      return { kind: "dictionary", rows, codes: values, values: dictionary.strings };
    // an empty dictionary is one of rows that are all absent
    if (dictionary.rows > 0) strings.gather(dictionary.strings, values, rows);
    else strings.append({ ptr: nullPtr, bytes: 0 }, 0, validity, rows);
    return strings.column();
  }

  private pageWithRows(): OpenPage {
    while (this.open === undefined || this.open.slot === this.open.span.slots) {
      const span = this.list.pages[this.nextPage++];
      if (span === undefined) throw new Error("it has fewer values than its row group has rows");
      this.open = { span, slot: 0, value: 0, ...this.pages.load(span) };
      if (span.coded) this.startCodes(this.open);
    }
    return this.open;
  }

  private startCodes({ ptr, bytes }: OpenPage): void {
    if (this.dictionary.rows < 0) this.dictionary.load(this.pages, this.list.dictionary);
    const width = bytes === 0 ? 0 : this.env.kernels.u8[ptr]!;
    if (width > 32) throw new Error(`dictionary codes of ${width} bits`);
    this.codes.start(offset(ptr, 1), Math.max(0, bytes - 1), width);
  }

  /** Puts `take` rows, of which `present` have values, behind the `at` rows of the batch so far. */
  private take(page: OpenPage, mask: Ptr, take: number, present: number, at: number): void {
    const { type } = this;
    const width = type.kind === "bool" ? 1 : type.kind === "utf8" ? 4 : columnWidth(type.plain);
    const values = offset(this.rooms.values.ensure(batchRowsMax * 8), at * width);
    if (mask === nullPtr) return this.decode(page, present, values);
    // one value more may be read from there
    const dense = this.rooms.dense.ensure((batchRowsMax + 1) * 8);
    this.decode(page, present, dense);
    spread(this.env.kernels, width, mask, take, dense, values);
  }

  /** The page's next values, one after the other. */
  private decode(page: OpenPage, present: number, dst: Ptr): void {
    const { kernels } = this.env;
    const { type } = this;
    if (page.span.coded) return this.decodeCodes(present, dst);
    const { value } = page;
    page.value += present;
    if (type.kind === "bool") {
      if (page.value > page.bytes * 8) throw new Error("plain values end too early");
      readBools(kernels, page.ptr, value, present, dst);
    } else if (type.kind === "numbers") {
      const width = plainWidth(type.plain);
      if (page.value * width > page.bytes) throw new Error("plain values end too early");
      if (!readNumbers(kernels, type.plain, offset(page.ptr, value * width), present, dst)) throw new Unfit();
    }
  }

  private decodeCodes(present: number, dst: Ptr): void {
    const { kernels } = this.env;
    const { type, dictionary } = this;
    const codes = type.kind === "utf8" ? dst : this.rooms.codes.ensure(batchRowsMax * 4);
    if (!this.codes.codes(present, dictionary.rows, codes))
      throw new Error("encoded values end too early, or one is not in its dictionary");
    if (type.kind === "utf8") return;
    const width = type.kind === "bool" ? 1 : columnWidth(type.plain);
    gather(kernels, width, dictionary.numbers, codes, present, dst);
  }
}
