/**
 * The strings of a UTF-8 column. On first use the column's bytes are decoded in one piece, from which strings are cut by
 * their UTF-16 positions: 8 ns a string against 70 for decoding each. Columns of long strings are decoded one by one, so
 * that a short string never keeps megabytes of text alive.
 */
import { Buffer } from "node:buffer";
import type { Kernels } from "../kernel/kernels.ts";
import { type Builder, pendingRows } from "./builder.ts";
import type { BytesColumn } from "./column.ts";

const pieceBytesMax = 1 << 20;

export class TextSource {
  /** The whole text; undefined before the first use and when strings are decoded one by one. */
  text: string | undefined = undefined;
  /** UTF-16 positions in `text`, rows + 1 of them. */
  positions: Int32Array;
  private readonly offsets: Int32Array;
  private readonly bytes: Buffer;
  private piecewise: boolean;

  /** `oneByOne`: never cut from one text. */
  constructor(kernels: Kernels, column: BytesColumn, oneByOne = false) {
    const { buffer } = kernels.memory;
    this.offsets = new Int32Array(buffer, column.offsets, column.rows === 0 ? 0 : column.rows + 1);
    const end = column.rows === 0 ? 0 : this.offsets[column.rows]!;
    this.bytes = Buffer.from(buffer as unknown as ArrayBuffer, column.bytes, end);
    this.positions = this.offsets;
    this.piecewise = oneByOne || column.rows === 0 || end - this.offsets[0]! > pieceBytesMax;
  }

  /** Row i when there is no `text` to cut it from. */
  load(i: number): string {
    if (this.piecewise) return this.bytes.toString("utf8", this.offsets[i]!, this.offsets[i + 1]!);
    this.decode();
    return this.text!.slice(this.positions[i]!, this.positions[i + 1]!);
  }

  /** The whole text, unless strings are decoded one by one. */
  prepare(): string | undefined {
    if (this.text === undefined && !this.piecewise) this.decode();
    return this.text;
  }

  private decode(): void {
    const { offsets, bytes } = this;
    const from = offsets[0]!;
    const text = bytes.toString("utf8", from);
    const ascii = text.length === bytes.length - from;
    this.positions = ascii
      ? from === 0
        ? offsets
        : offsets.map(offset => offset - from)
      : utf16Positions(offsets, bytes);
    this.text = text;
  }
}

/** The strings of a builder, encoded or waiting. */
export class WaitingText {
  readonly text = undefined;
  readonly positions = undefined;
  private readonly encoded: TextSource;

  constructor(
    private readonly builder: Builder,
    column: BytesColumn,
  ) {
    this.encoded = new TextSource(builder.kernels, { ...column, rows: Math.min(column.rows, builder.settled) });
  }

  load(i: number): string {
    const { settled, s } = this.builder;
    if (i >= settled) return s[i % pendingRows]!;
    const { encoded } = this;
    const text = encoded.prepare();
    return text === undefined ? encoded.load(i) : text.slice(encoded.positions[i], encoded.positions[i + 1]);
  }

  prepare(): undefined {}
}

/** Every byte that begins a character is one unit, those that begin four bytes two. */
function utf16Positions(offsets: Int32Array, bytes: Uint8Array): Int32Array {
  const positions = new Int32Array(offsets.length);
  let units = 0;
  let at = offsets[0]!;
  for (let i = 1; i < offsets.length; i++) {
    const to = offsets[i]!;
    for (; at < to; at++) {
      const byte = bytes[at]!;
      if (byte < 0x80) units++;
      else if (byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1;
    }
    positions[i] = units;
  }
  return positions;
}
