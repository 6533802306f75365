/**
 * The fields of CSV records (RFC 4180) in a text of whole records. An empty field is null, a quoted empty one the empty string.
 * Records end at LF or CRLF; blank lines are no records.
 */
import type { CsvSyntax } from "./csv-scanner.ts";

export type CsvField = string | null;

/** What a malformed record is reported with: the index in the text of what is wrong. */
export type OnMalformed = (index: number, problem: string) => void;

const carriageReturn = 13;
const lineFeed = 10;

/** At most `most` records of the text as strings; malformed ones are left out. */
export function sampleRecords(text: string, syntax: CsvSyntax, most: number): CsvField[][] {
  const parser = new CsvParser(text, syntax, () => {});
  const records: CsvField[][] = [];
  while (parser.at < text.length && records.length < most) {
    const fields = parser.nextRecord();
    if (fields !== undefined) records.push(fields);
  }
  return records;
}

export class CsvParser {
  at = 0;
  private readonly separator: number;
  private readonly quote: number;
  private readonly escape: number;
  private readonly comment: number;
  /** The first escape from `escapeFrom` on, −1 when there is none: looked for once, not at every field. */
  private escapeAt = -1;
  private escapeFrom = Infinity;

  constructor(
    readonly text: string,
    syntax: CsvSyntax,
    private readonly onMalformed: OnMalformed,
  ) {
    this.separator = syntax.separator.charCodeAt(0);
    this.quote = syntax.quote.charCodeAt(0);
    this.escape = syntax.escape?.charCodeAt(0) ?? -1;
    this.comment = syntax.comment?.charCodeAt(0) ?? -1;
  }

  /** Undefined for a blank line or a comment, or after reporting a malformed record; `at` is behind it either way. */
  nextRecord(): CsvField[] | undefined {
    const fields: CsvField[] = [];
    if (this.skipLineEnd() || this.skipComment()) return undefined;
    for (;;) {
      const field = this.nextField();
      if (field === undefined) return undefined;
      fields.push(field);
      if (this.at >= this.text.length) return fields;
      if (this.text.charCodeAt(this.at) === this.separator) {
        this.at++;
        // a separator at the very end has an empty field behind it
        if (this.at >= this.text.length) {
          fields.push(null);
          return fields;
        }
      } else {
        this.skipLineEnd();
        return fields;
      }
    }
  }

  /** The field at `at`; undefined after reporting a malformed record, with `at` behind that. */
  nextField(): CsvField | undefined {
    return this.text.charCodeAt(this.at) === this.quote ? this.quotedField() : this.unquotedField();
  }

  /**
   * The field at `at` when it is a plain decimal number of up to 15 digits, which one division reads exactly; NaN, with
   * nothing consumed, for any other field.
   */
  nextDecimal(): number {
    const { text } = this;
    let at = this.at;
    let c = text.charCodeAt(at);
    const isNegative = c === 45;
    if (isNegative) c = text.charCodeAt(++at);
    const first = at;
    let value = 0;
    let scale = 1;
    for (; c >= 48 && c <= 57; c = text.charCodeAt(++at)) value = value * 10 + c - 48;
    let digits = at - first;
    if (c === 46) {
      for (c = text.charCodeAt(++at); c >= 48 && c <= 57; c = text.charCodeAt(++at), digits++) {
        value = value * 10 + c - 48;
        scale *= 10;
      }
    }
    if (digits === 0 || digits > 15) return NaN;
    if (
      c !== this.separator &&
      c !== lineFeed &&
      at < text.length &&
      !(c === carriageReturn && text.charCodeAt(at + 1) === lineFeed)
    )
      return NaN;
    this.at = at;
    return isNegative ? -(value / scale) : value / scale;
  }

  /** Goes over a separator; false when there is none at `at`. */
  skipSeparator(): boolean {
    if (this.text.charCodeAt(this.at) !== this.separator) return false;
    this.at++;
    return true;
  }

  private unquotedField(): CsvField {
    const { text, separator } = this;
    const from = this.at;
    let at = from;
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === separator || c === lineFeed) break;
    }
    this.at = at;
    const end =
      text.charCodeAt(at) === lineFeed && at > from && text.charCodeAt(at - 1) === carriageReturn ? at - 1 : at;
    this.at = end;
    return end === from ? null : text.slice(from, end);
  }

  /** At a record's start: goes over a line that is a comment. */
  skipComment(): boolean {
    if (this.comment < 0 || this.text.charCodeAt(this.at) !== this.comment) return false;
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end + 1;
    return true;
  }

  private quotedField(): CsvField | undefined {
    const { text } = this;
    const opened = this.at;
    const quoteText = text[opened]!;
    let value = "";
    let from = opened + 1;
    for (;;) {
      const close = text.indexOf(quoteText, from);
      const escape = this.nextEscape(from, close);
      if (escape >= 0) {
        // an escape before anything but a quote or itself is a character as others are
        const next = text.charCodeAt(escape + 1);
        const taken = next === this.quote || next === this.escape;
        value += text.slice(from, taken ? escape : escape + 1) + (taken ? text[escape + 1]! : "");
        from = escape + (taken ? 2 : 1);
        continue;
      }
      if (close < 0) {
        this.at = text.length;
        this.onMalformed(opened, "a quoted field is never closed");
        return undefined;
      }
      value += text.slice(from, close);
      this.at = close + 1;
      if (text.charCodeAt(this.at) !== this.quote) break;
      value += quoteText;
      from = close + 2;
    }
    if (this.at >= text.length || text.charCodeAt(this.at) === this.separator || this.atLineEnd()) return value;
    this.onMalformed(this.at, `${JSON.stringify(text[this.at])} after a closing quote`);
    this.skipRecord();
    return undefined;
  }

  /** The first escape between, or −1. */
  private nextEscape(from: number, close: number): number {
    if (this.escape < 0) return -1;
    if (from < this.escapeFrom || (this.escapeAt >= 0 && this.escapeAt < from)) {
      this.escapeFrom = from;
      this.escapeAt = this.text.indexOf(String.fromCharCode(this.escape), from);
    }
    return this.escapeAt >= 0 && (close < 0 || this.escapeAt < close) ? this.escapeAt : -1;
  }

  private atLineEnd(): boolean {
    const c = this.text.charCodeAt(this.at);
    return c === lineFeed || (c === carriageReturn && this.text.charCodeAt(this.at + 1) === lineFeed);
  }

  /** Goes over a line end, or stays at the text's end; false when there is neither. */
  skipRecordEnd(): boolean {
    return this.at >= this.text.length || this.skipLineEnd();
  }

  private skipLineEnd(): boolean {
    if (!this.atLineEnd()) return false;
    this.at += this.text.charCodeAt(this.at) === lineFeed ? 1 : 2;
    return true;
  }

  /** To behind the line end that ends this record for the scanner too: quotes still count. */
  private skipRecord(): void {
    const { text, separator, quote, escape } = this;
    let atStart = false;
    let inQuotes = false;
    for (; this.at < text.length; this.at++) {
      const c = text.charCodeAt(this.at);
      if (inQuotes) {
        if (c === escape) this.at++;
        if (c !== quote) continue;
        if (text.charCodeAt(this.at + 1) === quote) this.at++;
        else inQuotes = false;
      } else if (c === lineFeed) {
        this.at++;
        return;
      } else if (c === quote && atStart) inQuotes = true;
      atStart = c === separator;
    }
  }
}
