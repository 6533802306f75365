/** The values of an *any* column. Short strings are cut from the column's bytes read as one Latin-1 text. */
import { Buffer } from "node:buffer";
import type { Kernels } from "../kernel/kernels.ts";
import type { BytesColumn } from "./column.ts";
import { ValueDecoder } from "./value-decoder.ts";

const textBytesMax = 1 << 20;
const textRowsMin = 8;

export class AnySource {
  private readonly offsets: Int32Array;
  private readonly base: number = 0;
  private readonly decoder: ValueDecoder | undefined;

  /** `oneByOne`: strings are never cut from one text. */
  constructor(kernels: Kernels, column: BytesColumn, oneByOne = false) {
    const { buffer } = kernels.memory;
    const { rows } = column;
    this.offsets = new Int32Array(buffer, column.offsets, rows === 0 ? 0 : rows + 1);
    if (rows === 0) return;
    const from = this.offsets[0]!;
    const end = this.offsets[rows]!;
    const bytes = Buffer.from(buffer as unknown as ArrayBuffer, column.bytes + from, end - from);
    this.base = from;
    this.decoder = new ValueDecoder();
    const isWorthwhile = !oneByOne && rows >= textRowsMin && bytes.length <= textBytesMax;
    this.decoder.use(bytes, isWorthwhile ? bytes.toString("latin1") : undefined);
  }

  load(i: number): unknown {
    return this.decoder!.decode(this.offsets[i]! - this.base, this.offsets[i + 1]! - this.base);
  }
}
