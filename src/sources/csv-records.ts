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

/** Calls `onRecord` with the fields and the index of each record's first character. */
export function parseCsvRecords(
  text: string,
  syntax: CsvSyntax,
  onRecord: (fields: CsvField[], index: number) => void,
  onMalformed: OnMalformed,
): void {
  const parser = new CsvParser(text, syntax, onMalformed);
  while (parser.at < text.length) {
    const index = parser.at;
    const fields = parser.nextRecord();
    if (fields !== undefined) onRecord(fields, index);
  }
}

class CsvParser {
  at = 0;
  private readonly separator: number;
  private readonly quote: number;

  constructor(
    private readonly text: string,
    syntax: CsvSyntax,
    private readonly onMalformed: OnMalformed,
  ) {
    this.separator = syntax.separator.charCodeAt(0);
    this.quote = syntax.quote.charCodeAt(0);
  }

  /** Undefined for a blank line, or after reporting a malformed record; `at` is behind it either way. */
  nextRecord(): CsvField[] | undefined {
    const fields: CsvField[] = [];
    if (this.skipLineEnd()) return undefined;
    for (;;) {
      const field = this.text.charCodeAt(this.at) === this.quote ? this.quotedField() : this.unquotedField();
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

  private unquotedField(): CsvField {
    const { text, separator } = this;
    const from = this.at;
    let at = from;
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === separator || c === lineFeed) break;
    }
    this.at = at;
    const end = text.charCodeAt(at) === lineFeed && at > from && text.charCodeAt(at - 1) === carriageReturn ? at - 1 : at;
    this.at = end;
    return end === from ? null : text.slice(from, end);
  }

  private quotedField(): CsvField | undefined {
    const { text } = this;
    const opened = this.at;
    const quoteText = text[opened]!;
    let value = "";
    let from = opened + 1;
    for (;;) {
      const close = text.indexOf(quoteText, from);
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

  private atLineEnd(): boolean {
    const c = this.text.charCodeAt(this.at);
    return c === lineFeed || (c === carriageReturn && this.text.charCodeAt(this.at + 1) === lineFeed);
  }

  private skipLineEnd(): boolean {
    if (!this.atLineEnd()) return false;
    this.at += this.text.charCodeAt(this.at) === lineFeed ? 1 : 2;
    return true;
  }

  /** To behind the line end that ends this record for the scanner too: quotes still count. */
  private skipRecord(): void {
    const { text, separator, quote } = this;
    let atStart = false;
    let inQuotes = false;
    for (; this.at < text.length; this.at++) {
      const c = text.charCodeAt(this.at);
      if (inQuotes) {
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
