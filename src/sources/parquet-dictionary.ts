/** The dictionary of a flat column's chunk: numbers and booleans as the column's values, strings as a utf8 column. */
import type { BytesColumn } from "../data/column.ts";
import { columnWidth, plainWidth, readBools, readNumbers } from "../kernel/parquet.ts";
import { nullPtr, type Ptr } from "../kernel/ptr.ts";
import type { SourceEnv } from "./contracts.ts";
import { type NativeType, Unfit } from "./parquet-native-type.ts";
import type { PageBytes } from "./parquet-page-bytes.ts";
import type { PageSpan } from "./parquet-page-list.ts";
import { StringRows } from "./parquet-strings.ts";
import { Room } from "./room.ts";

export class ChunkDictionary {
  /** How many values there are; −1 before `load`. */
  rows = -1;
  private readonly values: Room;
  private readonly rowsOfText: StringRows;
  private column: BytesColumn | undefined;

  constructor(
    private readonly env: SourceEnv,
    private readonly type: NativeType,
  ) {
    this.values = new Room(env);
    this.rowsOfText = new StringRows(env);
  }

  get numbers(): Ptr {
    return this.values.ensure(1);
  }

  get strings(): BytesColumn {
    return (this.column ??= this.rowsOfText.checked());
  }

  load(pages: PageBytes, page: PageSpan | undefined): void {
    if (page === undefined) throw new Error("a page refers to a dictionary that is not there");
    const { kernels } = this.env;
    const { slots } = page;
    const { type } = this;
    const plain = new Room(this.env);
    try {
      const { ptr, bytes } = pages.loadDictionary(page, plain);
      switch (type.kind) {
        case "utf8":
          this.rowsOfText.append({ ptr, bytes }, 0, nullPtr, slots);
          break;
        case "bool":
          if (slots > bytes * 8) throw new Error("plain values end too early");
          readBools(kernels, ptr, 0, slots, this.values.ensure(slots));
          break;
        case "numbers": {
          if (slots * plainWidth(type.plain) > bytes) throw new Error("plain values end too early");
          const values = this.values.ensure(slots * columnWidth(type.plain));
          if (!readNumbers(kernels, type.plain, ptr, slots, values)) throw new Unfit();
        }
      }
    } finally {
      plain.free();
    }
    this.rows = slots;
  }

  free(): void {
    this.values.free();
    this.rowsOfText.free();
  }
}
