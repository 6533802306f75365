/**
 * Lines of text. A run of bytes becomes one string, which is then cut into lines: an order of magnitude cheaper than decoding
 * a line at a time. The lines share the run's memory, so keeping one line keeps its 256 KiB; rows kept by operators are
 * columns, not strings. Invalid UTF-8 becomes U+FFFD as WHATWG's decoder does it, and is counted.
 */
import { isAscii, isUtf8 } from "node:buffer";
import type { Batch, SpanColumn } from "../data/column.ts";
import { offset } from "../kernel/ptr.ts";
import { type ByteSplit, chunkRowsMax, type Pulled, type RowSource, type SourceEnv, type Words } from "./contracts.ts";
import { LineBatches } from "./line-batches.ts";
import { LineSpans } from "./line-spans.ts";
import { RecordReader, type RecordRun } from "./record-reader.ts";

export function openText(split: ByteSplit, maxLineBytes: number, env: SourceEnv): RowSource<string> {
  return new TextReader(split, maxLineBytes, env);
}

class TextReader implements RowSource<string> {
  private readonly records: RecordReader;
  /** What of the run at hand has not been handed out: spans of an ASCII text, or lines. */
  private text = "";
  private spans: LineSpans | undefined;
  private lines: string[] = [];
  private nextLine = 0;
  private batches: LineBatches | undefined;
  /** At which lines are split. */
  private separator: number | undefined;

  constructor(
    split: ByteSplit,
    maxLineBytes: number,
    private readonly env: SourceEnv,
  ) {
    this.records = new RecordReader(split, env, { noun: "line", maxBytes: maxLineBytes });
  }

  nextChunk(): Pulled<string[]> {
    for (;;) {
      const chunk = this.takeLines() ?? this.takeSpans();
      if (chunk !== undefined) {
        this.env.metrics.add("rowsRead", chunk.length);
        return chunk;
      }
      const run = this.records.next();
      if (run instanceof Promise) return run.then(arrived => (this.startRun(arrived) ? this.nextChunk() : undefined));
      if (!this.startRun(run)) return undefined;
    }
  }

  nextBatch(): Pulled<Batch> {
    const lines = this.nextLines();
    return lines instanceof Promise ? lines.then(found => this.copied(found)) : this.copied(lines);
  }

  nextSpans(): Pulled<Batch> {
    const lines = this.nextLines();
    return lines instanceof Promise ? lines.then(batchOf) : batchOf(lines);
  }

  close(): void {
    this.records.close();
    this.spans?.free();
    this.batches?.free();
    this.spans = this.batches = undefined;
    this.text = "";
    this.lines = [];
  }

  nextWords(separator: number): Pulled<Words> {
    this.separator = separator;
    const words = this.nextLines();
    return words instanceof Promise ? words.then(found => this.wordsOf(found)) : this.wordsOf(words);
  }

  private wordsOf(words: SpanColumn | undefined): Words | undefined {
    return words && { rows: words.rows, root: words, lines: this.batches!.lines };
  }

  private nextLines(): Pulled<SpanColumn> {
    for (;;) {
      const lines = this.batches?.next();
      if (lines !== undefined) return lines;
      const run = this.records.next();
      if (run instanceof Promise)
        return run.then(arrived => (this.startBatches(arrived) ? this.nextLines() : undefined));
      if (!this.startBatches(run)) return undefined;
    }
  }

  private copied(lines: SpanColumn | undefined): Batch | undefined {
    return lines && this.batches!.copy(lines);
  }

  private startRun(run: RecordRun | undefined): boolean {
    if (run === undefined) return false;
    const { buffer, ptr } = this.records;
    if (isAscii(buffer.subarray(run.from, run.to))) {
      // every byte is a character, so the kernel's positions in the bytes are positions in the string
      this.spans ??= new LineSpans(this.env, chunkRowsMax);
      this.spans.start(offset(ptr, run.from), run.to - run.from);
      this.text = buffer.toString("latin1", run.from, run.to);
    } else {
      this.lines = splitLines(decodeRun(buffer, run, this.env));
      this.nextLine = 0;
    }
    return true;
  }

  private takeLines(): string[] | undefined {
    const { lines, nextLine } = this;
    if (nextLine >= lines.length) return undefined;
    this.nextLine = nextLine + chunkRowsMax;
    return lines.length <= chunkRowsMax ? lines : lines.slice(nextLine, this.nextLine);
  }

  private takeSpans(): string[] | undefined {
    const { spans, text } = this;
    if (spans === undefined) return undefined;
    const rows = spans.next();
    if (rows === 0) return undefined;
    const { u32 } = this.env.kernels;
    const starts = spans.starts >>> 2;
    const ends = spans.ends >>> 2;
    const chunk = new Array<string>(rows);
    for (let i = 0; i < rows; i++) chunk[i] = text.substring(u32[starts + i]!, u32[ends + i]!);
    return chunk;
  }

  private startBatches(run: RecordRun | undefined): boolean {
    if (run === undefined) return false;
    const { buffer, ptr } = this.records;
    this.batches ??= new LineBatches(this.env, this.separator);
    const bytes = buffer.subarray(run.from, run.to);
    // most text is ASCII, which is told three times as fast
    if (isAscii(bytes) || isUtf8(bytes)) this.batches.start(offset(ptr, run.from), run.to - run.from);
    else this.batches.startRepaired(decodeRun(buffer, run, this.env));
    return true;
  }
}

function batchOf(lines: SpanColumn | undefined): Batch | undefined {
  return lines && { rows: lines.rows, root: lines };
}

/** The run as a string; counts what had to be replaced. */
export function decodeRun(buffer: Buffer, run: RecordRun, env: Pick<SourceEnv, "metrics">): string {
  const text = buffer.toString("utf8", run.from, run.to);
  if (!isUtf8(buffer.subarray(run.from, run.to))) {
    env.metrics.add("invalidUtf8", countReplacements(buffer.subarray(run.from, run.to), text));
  }
  return text;
}

/** U+FFFD in the text that are not in the bytes. */
function countReplacements(bytes: Buffer, text: string): number {
  const written = Buffer.from("\ufffd");
  let count = 0;
  for (let at = text.indexOf("\ufffd"); at >= 0; at = text.indexOf("\ufffd", at + 1)) count++;
  for (let at = bytes.indexOf(written); at >= 0; at = bytes.indexOf(written, at + 3)) count--;
  return count;
}

/** Lines end at LF or CRLF; a text that does not end in one has a last line all the same. */
export function splitLines(text: string): string[] {
  const lines = text.split("\n");
  const endsInLineEnd = text.endsWith("\n");
  if (endsInLineEnd) lines.pop();
  if (text.includes("\r")) {
    // without an LF behind it, a CR at the end of the last line is text
    const whole = endsInLineEnd ? lines.length : lines.length - 1;
    for (let i = 0; i < whole; i++) if (lines[i]!.endsWith("\r")) lines[i] = lines[i]!.slice(0, -1);
  }
  return lines;
}
