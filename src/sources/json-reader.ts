/** JSON values of a split: one a line (blank lines are skipped), or the elements of a file that is one array. */
import { ChunkedRows } from "./chunked-rows.ts";
import type { ByteSplit, RowSource, SourceEnv } from "./contracts.ts";
import type { MalformedMode } from "./options.ts";
import { JsonElements, problemAt } from "./json-elements.ts";
import { MalformedRecords } from "./malformed.ts";
import { RecordReader, type RecordRun } from "./record-reader.ts";
import { decodeRun, splitLines } from "./text-reader.ts";

export function openJson(split: ByteSplit, mode: MalformedMode, maxLineBytes: number, env: SourceEnv): RowSource {
  const malformed = new MalformedRecords(split.path, "JSON", mode, env);
  if (split.bounds === "lines") {
    const records = new RecordReader(split, env, { noun: "line", maxBytes: maxLineBytes });
    return new ChunkedRows(records, env, run => parseLines(run, records.buffer, malformed, env));
  }
  const elements = new JsonElements(malformed);
  const records = new RecordReader(split, env, { noun: "JSON element", maxBytes: maxLineBytes }, elements.findLastEnd);
  const parse = (run: RecordRun) => elements.parse(records.buffer, run, part => decodeRun(records.buffer, part, env));
  return new ChunkedRows(records, env, parse, () => elements.end());
}

function parseLines(run: RecordRun, buffer: Buffer, malformed: MalformedRecords, env: SourceEnv): unknown[] {
  const rows: unknown[] = [];
  const lines = splitLines(decodeRun(buffer, run, env));
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    try {
      rows.push(JSON.parse(line));
    } catch (thrown) {
      if (line.trim() === "") continue;
      malformed.report(() => problemAt(line, lineOffset(buffer, run, i), thrown));
    }
  }
  return rows;
}

/** File offset of a run's line. */
function lineOffset(buffer: Buffer, run: RecordRun, line: number): number {
  let at = run.from;
  for (let i = 0; i < line; i++) at = buffer.indexOf(10, at) + 1;
  return run.offset + at - run.from;
}
