/**
 * Finds where CSV records end, in bytes, as RFC 4180 has it: a line feed inside quotes ends nothing. A quote opens only at a
 * field's start; elsewhere in an unquoted field it is a character like others, as in Spark and most readers.
 *
 * The state goes from call to call, so a file is scanned once from its start (or from a place where a record is known to begin).
 */
import type { FindLastEnd } from "./record-reader.ts";

export interface CsvSyntax {
  readonly separator: string;
  readonly quote: string;
}

const fieldStart = 0;
const unquoted = 1;
const quoted = 2;
/** Behind a quote inside a quoted field: the field's end, unless another quote follows. */
const quoteInQuoted = 3;

const lineFeed = 10;

export class CsvScanner {
  private state = fieldStart;
  private readonly separator: number;
  private readonly quote: number;
  private seenBytes = 0;

  constructor(
    syntax: CsvSyntax,
    private readonly atFileStart: boolean,
  ) {
    this.separator = syntax.separator.charCodeAt(0);
    this.quote = syntax.quote.charCodeAt(0);
  }

  readonly findLastEnd: FindLastEnd = (buffer, from, to) => this.scan(buffer, from, to, false);

  /** The index behind the first record that ends in `from` … `to`, or −1; bytes behind it are not scanned. */
  findFirstEnd(buffer: Buffer, from: number, to: number): number {
    return this.scan(buffer, from, to, true);
  }

  private scan(buffer: Buffer, start: number, to: number, first: boolean): number {
    const from = this.afterByteOrderMark(buffer, start, to);
    if (from >= to) return -1;
    const part = buffer.subarray(from, to);
    if (this.state <= unquoted && part.indexOf(this.quote) < 0) {
      // without quotes every line feed ends a record, and searching for one is as fast as memory
      const at = first ? part.indexOf(lineFeed) : part.lastIndexOf(lineFeed);
      const last = first && at >= 0 ? part[at] : part[part.length - 1];
      this.state = last === lineFeed || last === this.separator ? fieldStart : unquoted;
      return at < 0 ? -1 : from + at + 1;
    }
    return this.scanQuoted(buffer, from, to, first);
  }

  private scanQuoted(buffer: Buffer, from: number, to: number, first: boolean): number {
    const { separator, quote } = this;
    let { state } = this;
    let end = -1;
    for (let i = from; i < to; i++) {
      const c = buffer[i]!;
      if (state === quoted) {
        if (c === quote) state = quoteInQuoted;
      } else if (c === lineFeed) {
        state = fieldStart;
        end = i + 1;
        if (first) break;
      } else if (c === separator) state = fieldStart;
      else if (c === quote && state !== unquoted) state = quoted;
      else state = unquoted;
    }
    this.state = state;
    return end;
  }

  private afterByteOrderMark(buffer: Buffer, from: number, to: number): number {
    const isStart = this.atFileStart && this.seenBytes === 0 && to - from >= 3;
    this.seenBytes += to - from;
    return isStart && buffer.readUIntBE(from, 3) === 0xefbbbf ? from + 3 : from;
  }
}
