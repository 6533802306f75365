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
  /** Another character than the quote. */
  readonly escape?: string;
  readonly comment?: string;
}

const recordStart = 0;
const fieldStart = 1;
const unquoted = 2;
const quoted = 3;
/** Behind a quote inside a quoted field: the field's end, unless another quote follows. */
const quoteInQuoted = 4;
/** Behind an escape inside a quoted field: the next character is one of the field. */
const escaped = 5;
const inComment = 6;

const lineFeed = 10;

export class CsvScanner {
  private state = recordStart;
  private readonly separator: number;
  private readonly quote: number;
  /** −1 where there is none, which is no byte. */
  private readonly escape: number;
  private readonly comment: number;
  private seenBytes = 0;

  constructor(
    syntax: CsvSyntax,
    private readonly atFileStart: boolean,
  ) {
    this.separator = syntax.separator.charCodeAt(0);
    this.quote = syntax.quote.charCodeAt(0);
    this.escape = syntax.escape?.charCodeAt(0) ?? -1;
    this.comment = syntax.comment?.charCodeAt(0) ?? -1;
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
    if (this.comment < 0 && this.state <= unquoted && part.indexOf(this.quote) < 0) {
      // without quotes every line feed ends a record, and searching for one is as fast as memory
      const at = first ? part.indexOf(lineFeed) : part.lastIndexOf(lineFeed);
      const last = first && at >= 0 ? part[at] : part[part.length - 1];
      this.state = last === lineFeed ? recordStart : last === this.separator ? fieldStart : unquoted;
      return at < 0 ? -1 : from + at + 1;
    }
    return this.scanQuoted(buffer, from, to, first);
  }

  private scanQuoted(buffer: Buffer, from: number, to: number, first: boolean): number {
    const { separator, quote, escape, comment } = this;
    let { state } = this;
    let end = -1;
    for (let i = from; i < to; i++) {
      const c = buffer[i]!;
      if (state === quoted) {
        if (c === quote) state = quoteInQuoted;
        else if (c === escape) state = escaped;
      } else if (state === escaped) state = quoted;
      else if (c === lineFeed) {
        state = recordStart;
        end = i + 1;
        if (first) break;
      } else if (state === inComment) continue;
      else if (c === comment && state === recordStart) state = inComment;
      else if (c === separator) state = fieldStart;
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
