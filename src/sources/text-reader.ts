/**
 * Lines of text. Whole runs of bytes become one string, which is then cut at its line feeds: an order of magnitude cheaper
 * than a string a line. The lines share the run's memory, so keeping one line keeps its 256 KiB; rows kept by operators
 * are columns, not strings. Invalid UTF-8 becomes U+FFFD as WHATWG's decoder does it, and is counted.
 */
import { isUtf8 } from "node:buffer";
import type { Batch } from "../data/column.ts";
import { offset } from "../kernel/ptr.ts";
import { type ByteSplit, chunkRowsMax, type Pulled, type RowSource, type SourceEnv } from "./contracts.ts";
import { LineBatches } from "./line-batches.ts";
import { RecordReader, type RecordRun } from "./record-reader.ts";

export function openText(split: ByteSplit, maxLineBytes: number, env: SourceEnv): RowSource<string> {
  return new TextReader(split, maxLineBytes, env);
}

class TextReader implements RowSource<string> {
  private readonly records: RecordReader;
  private lines: string[] = [];
  private nextLine = 0;
  private readonly batches: LineBatches;

  constructor(
    split: ByteSplit,
    maxLineBytes: number,
    private readonly env: SourceEnv,
  ) {
    this.records = new RecordReader(split, env, { noun: "line", maxBytes: maxLineBytes });
    this.batches = new LineBatches(env);
  }

  nextChunk(): Pulled<string[]> {
    if (this.nextLine < this.lines.length) return this.takeLines();
    const run = this.records.next();
    if (run instanceof Promise) return run.then(arrived => this.decode(arrived));
    return this.decode(run);
  }

  nextBatch(): Pulled<Batch> {
    if (this.batches.hasLines) return this.batches.next();
    const run = this.records.next();
    if (run instanceof Promise) return run.then(arrived => this.cutBatch(arrived));
    return this.cutBatch(run);
  }

  close(): void {
    this.records.close();
    this.batches.close();
    this.lines = [];
  }

  private decode(run: RecordRun | undefined): string[] | undefined {
    if (run === undefined) return undefined;
    this.lines = splitLines(decodeRun(this.records.buffer, run, this.env));
    this.nextLine = 0;
    this.env.metrics.add("rowsRead", this.lines.length);
    return this.takeLines();
  }

  private cutBatch(run: RecordRun | undefined): Batch | undefined {
    if (run === undefined) return undefined;
    const { buffer, ptr } = this.records;
    if (isUtf8(buffer.subarray(run.from, run.to))) this.batches.start(offset(ptr, run.from), run.to - run.from);
    else this.batches.startRepaired(decodeRun(buffer, run, this.env));
    return this.batches.next();
  }

  private takeLines(): string[] {
    const { lines, nextLine } = this;
    this.nextLine = nextLine + chunkRowsMax;
    return lines.length <= chunkRowsMax ? lines : lines.slice(nextLine, this.nextLine);
  }
}

/** The run as a string; counts what had to be replaced. */
export function decodeRun(buffer: Buffer, run: RecordRun, env: SourceEnv): string {
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
  if (text.endsWith("\n")) lines.pop();
  if (text.includes("\r")) {
    const last = lines.length - 1;
    for (let i = 0; i <= last; i++) {
      const line = lines[i]!;
      // without an LF behind it, a CR at the end of the last line is text
      if (line.endsWith("\r") && (i < last || text.endsWith("\n"))) lines[i] = line.slice(0, -1);
    }
  }
  return lines;
}
