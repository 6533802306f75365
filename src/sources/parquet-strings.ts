/** A utf8 column that grows by plain byte arrays or by codes into another; whole again after `clear`. */
import type { BytesColumn } from "../data/column.ts";
import { columnBytesMax, gatherBytes, gatheredLength } from "../kernel/move.ts";
import { copyPlain, cutsUtf8, plainEnds } from "../kernel/parquet.ts";
import { offset, type Ptr } from "../kernel/ptr.ts";
import { utf8Valid } from "../kernel/text.ts";
import type { SourceEnv } from "./contracts.ts";
import { Unfit } from "./parquet-native-type.ts";
import type { ValueBytes } from "./parquet-page-bytes.ts";
import { Room } from "./room.ts";

const rowsPerCall = 1 << 16;

export class StringRows {
  rows = 0;
  private usedBytes = 0;
  private readonly offsets: Room;
  private readonly bytes: Room;

  constructor(private readonly env: SourceEnv) {
    this.offsets = new Room(env);
    this.bytes = new Room(env);
  }

  clear(): void {
    this.rows = 0;
    this.usedBytes = 0;
  }

  /** Adds rows from byte `at` of plain values on, empty ones where `validity` (null: nowhere) is 0. Returns where they end. */
  append(values: ValueBytes, at: number, validity: Ptr, rows: number): number {
    for (let from = 0; from < rows; from += rowsPerCall) {
      const mask = validity === 0 ? validity : offset(validity, from);
      at = this.appendSome(values, at, mask, Math.min(rowsPerCall, rows - from));
    }
    return at;
  }

  private appendSome({ ptr: src, bytes: n }: ValueBytes, at: number, validity: Ptr, rows: number): number {
    const { kernels } = this.env;
    const before = (this.rows + 1) * 4;
    const offsets = offset(this.offsets.extend(this.rows === 0 ? 0 : before, before + rows * 4), this.rows * 4);
    const values = { src, n, at, validity, rows };
    const end = plainEnds(kernels, values, offsets, this.usedBytes, columnBytesMax);
    if (end === undefined) throw new Error("plain values end too early");
    const usedBytes = kernels.u32[(offsets >>> 2) + rows]!;
    copyPlain(kernels, values, offsets, this.bytes.extend(this.usedBytes, usedBytes), usedBytes);
    this.rows += rows;
    this.usedBytes = usedBytes;
    return end;
  }

  /** Becomes the strings of a dictionary that u32[rows] name. */
  gather(dictionary: BytesColumn, codes: Ptr, rows: number): void {
    const { kernels } = this.env;
    const length = gatheredLength(kernels, dictionary.offsets, codes, rows);
    const offsets = this.offsets.ensure((rows + 1) * 4);
    const bytes = this.bytes.ensure(length);
    gatherBytes(kernels, dictionary.offsets, dictionary.bytes, codes, rows, offsets, bytes, length);
    this.rows = rows;
    this.usedBytes = length;
  }

  column(): BytesColumn {
    return { kind: "utf8", rows: this.rows, offsets: this.offsets.ensure(4), bytes: this.bytes.ensure(1) };
  }

  /** The column, when each of its strings is well-formed. */
  checked(): BytesColumn {
    const column = this.column();
    const { kernels } = this.env;
    if (column.rows === 0) return column;
    if (utf8Valid(kernels, column.bytes, this.usedBytes) !== -1) throw new Unfit();
    if (cutsUtf8(kernels, column.offsets, column.rows, column.bytes)) throw new Unfit();
    return column;
  }

  free(): void {
    this.offsets.free();
    this.bytes.free();
  }
}
