/**
 * The elements of a file that is one JSON array, without holding the array: a scan over the bytes finds the commas between
 * elements, and what lies between two of them is parsed as an array of its own.
 */
import { problemAt } from "./json-problem.ts";
import type { JsonRows } from "./json-rows.ts";
import type { MalformedRecords } from "./malformed.ts";
import type { FindLastEnd, RecordRun } from "./record-reader.ts";

const [quote, comma, backslash, openBracket, openBrace, closeBracket, closeBrace] = Buffer.from(
  '",\\[{]}',
) as unknown as number[];

export class JsonElements {
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** Bytes scanned so far, which is the file offset of the next one. */
  private scannedBytes = 0;
  /** File offset of the array's own closing bracket. */
  private closedAt = -1;
  private begun = false;
  private afterComma = false;
  private endOffset = 0;

  private readonly malformed: MalformedRecords;

  constructor(private readonly rows: JsonRows) {
    this.malformed = rows.malformed;
  }

  /** Behind the last comma between elements; once the array is closed, behind everything. */
  readonly findLastEnd: FindLastEnd = (buffer, from, to) => {
    let end = -1;
    for (let i = from; i < to && this.closedAt < 0; i++) {
      const c = buffer[i];
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (c === backslash) this.escaped = true;
        else if (c === quote) this.inString = false;
      } else if (c === quote) this.inString = true;
      else if (c === comma) {
        if (this.depth === 1) end = i + 1;
      } else if (c === openBracket || c === openBrace) this.depth++;
      else if ((c === closeBracket || c === closeBrace) && --this.depth <= 0)
        this.closedAt = this.scannedBytes + i - from;
    }
    this.scannedBytes += to - from;
    return this.closedAt >= 0 && to > from ? to : end;
  };

  /** The rows of a run; `decode` gives the text of a part of it. */
  parse(buffer: Buffer, run: RecordRun, decode: (part: RecordRun) => string): unknown[] {
    const part = (from: number, to: number) => ({ from, to, offset: run.offset + from - run.from });
    this.endOffset = run.offset + run.to - run.from;
    let { from } = run;
    if (!this.begun) from = buffer.indexOf(openBracket!, from) + 1;
    this.begun = true;
    const closing = this.closedAt < 0 ? -1 : run.from + this.closedAt - run.offset;
    // closed in an earlier run: all of this one is trailing
    if (closing >= 0 && closing < run.from) return this.refuseTrailing(decode(run), run.offset);
    const commaLast = closing < 0 && buffer[run.to - 1] === comma;
    const to = closing >= 0 ? closing : commaLast ? run.to - 1 : run.to;
    const body = decode(part(from, to));
    const rows =
      body.trim() === ""
        ? this.refuseBlank(closing >= 0, commaLast, part(from, to))
        : this.parseBody(body, part(from, to).offset, to === run.to);
    this.afterComma = commaLast;
    if (closing >= 0) this.refuseTrailing(decode(part(closing + 1, run.to)), part(closing + 1, run.to).offset);
    return rows;
  }

  /** After the last run. */
  end(): void {
    if (this.closedAt < 0)
      this.malformed.report(() => ({ offset: this.endOffset, problem: "the array is never closed" }));
  }

  private parseBody(body: string, offset: number, isCut: boolean): unknown[] {
    const rows: unknown[] = [];
    let values: unknown[] | undefined;
    try {
      values = JSON.parse(`[${body}]`) as unknown[];
    } catch (thrown) {
      // one byte less, for the first bracket is not in the file; where the file was cut short there is no last one
      const text = `[${body}${isCut ? "" : "]"}`;
      if (!this.malformed.dropping && !this.malformed.permissive)
        this.malformed.report(() => problemAt(text, offset - 1, thrown));
    }
    if (values !== undefined && this.rows.plain) return values;
    for (const { text, at } of splitElements(body)) {
      const place = () => offset + Buffer.byteLength(body.slice(0, at + text.length - text.trimStart().length));
      this.rows.read(text, place, rows);
    }
    return rows;
  }

  /** Nothing between two commas, or between a comma and the end; `[]` is an array all the same. */
  private refuseBlank(closing: boolean, commaLast: boolean, part: RecordRun): [] {
    if (commaLast || (closing && this.afterComma)) {
      this.malformed.report(() => ({
        offset: part.offset + part.to - part.from,
        problem: `unexpected "${closing ? "]" : ","}"`,
      }));
    }
    return [];
  }

  private refuseTrailing(text: string, offset: number): [] {
    const rest = text.trimStart();
    if (rest !== "") {
      const at = offset + Buffer.byteLength(text.slice(0, text.length - rest.length));
      this.malformed.report(() => ({ offset: at, problem: "there is more after the array's end" }));
    }
    return [];
  }
}

/** Cuts at the commas that are in no string and no bracket. */
function splitElements(body: string): { readonly text: string; readonly at: number }[] {
  const elements: { text: string; at: number }[] = [];
  let depth = 0;
  let from = 0;
  for (const token of body.matchAll(/"(?:[^"\\]|\\[\s\S])*"?|[[\]{},]/g)) {
    if (token[0] === "[" || token[0] === "{") depth++;
    else if (token[0] === "]" || token[0] === "}") depth--;
    else if (token[0] === "," && depth === 0) {
      elements.push({ text: body.slice(from, token.index), at: from });
      from = token.index + 1;
    }
  }
  elements.push({ text: body.slice(from), at: from });
  return elements;
}
