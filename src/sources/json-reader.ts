/**
 * JSON values of a split: one a line (blank lines are skipped), the elements of a file that is one array, or a file that is one value.
 */
import { ChunkedRows } from "./chunked-rows.ts";
import type { ByteSplit, JsonFormat, RowSource, SourceEnv } from "./contracts.ts";
import { JsonElements } from "./json-elements.ts";
import { JsonRows } from "./json-rows.ts";
import { RecordReader, type RecordRun } from "./record-reader.ts";
import { decodeRun, splitLines } from "./text-reader.ts";

export function openJson(split: ByteSplit, format: JsonFormat, env: SourceEnv): RowSource {
  const rows = new JsonRows(split, format, env);
  const maxBytes = format.maxLineBytes;
  if (split.bounds === "lines") {
    const records = new RecordReader(split, env, { noun: "line", maxBytes });
    return new ChunkedRows(records, env, run => parseLines(run, records.buffer, rows, env));
  }
  if (split.bounds === "whole") {
    // nothing ends before the file does
    const records = new RecordReader(split, env, { noun: "JSON value", maxBytes }, () => -1);
    return new ChunkedRows(records, env, run => parseValue(run, records.buffer, rows, env));
  }
  const elements = new JsonElements(rows);
  const records = new RecordReader(split, env, { noun: "JSON element", maxBytes }, elements.findLastEnd);
  const parse = (run: RecordRun) => {
    rows.begin(records.buffer, run);
    return elements.parse(records.buffer, run, part => decodeRun(records.buffer, part, env));
  };
  return new ChunkedRows(records, env, parse, () => elements.end());
}

function parseValue(run: RecordRun, buffer: Buffer, rows: JsonRows, env: SourceEnv): unknown[] {
  const made: unknown[] = [];
  rows.begin(buffer, run);
  const text = decodeRun(buffer, run, env);
  if (text.trim() !== "") rows.read(text, () => run.offset, made);
  return made;
}

function parseLines(run: RecordRun, buffer: Buffer, rows: JsonRows, env: SourceEnv): unknown[] {
  const made: unknown[] = [];
  rows.begin(buffer, run);
  const lines = splitLines(decodeRun(buffer, run, env));
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      if (line.trim() !== "") rows.read(line, () => lineOffset(buffer, run, i), made);
      continue;
    }
    if (rows.plain) made.push(value);
    else rows.add(value, line, () => lineOffset(buffer, run, i), made);
  }
  return made;
}

/** File offset of a run's line. */
function lineOffset(buffer: Buffer, run: RecordRun, line: number): number {
  let at = run.from;
  for (let i = 0; i < line; i++) at = buffer.indexOf(10, at) + 1;
  return run.offset + at - run.from;
}
