/** CSV records of a split as typed rows: as JavaScript values, or as batches of columns. */
import type { Batch } from "../data/column.ts";
import { ChunkedRows } from "./chunked-rows.ts";
import type { ByteSplit, CsvFormat, Pulled, RowSource, SourceEnv } from "./contracts.ts";
import { bytesOfCsv, CsvBatches, hasBatches } from "./csv-batches.ts";
import { CsvRows } from "./csv-rows.ts";
import { CsvEnds } from "../kernel/csv.ts";
import { asPtr } from "../kernel/ptr.ts";
import { type FindLastEnd, RecordReader, type RecordRun } from "./record-reader.ts";
import { makeObject } from "./row-maker.ts";
import { decodeRun } from "./text-reader.ts";

const byteOrderMark = 0xefbbbf;

export function openCsv(split: ByteSplit, format: CsvFormat, env: SourceEnv): RowSource {
  const limits = { noun: "CSV record", maxBytes: format.maxLineBytes };
  const ends = new CsvEnds(env.kernels, env.allocator, bytesOfCsv(format));
  let atFileStart = split.start === 0;
  const findLastEnd: FindLastEnd = (buffer, from, to) => {
    // a byte order mark is no part of the first field
    const marked = atFileStart && to - from >= 3 && buffer.readUIntBE(from, 3) === byteOrderMark;
    atFileStart = false;
    return ends.last(asPtr(buffer.byteOffset), marked ? from + 3 : from, to);
  };
  try {
    return new CsvReader(new RecordReader(split, env, limits, findLastEnd), ends, split, format, env);
  } catch (thrown) {
    ends.free();
    throw thrown;
  }
}

function rowNames({ columns, corruptRecord }: CsvFormat): string[] {
  const names = columns.map(column => column.name);
  return corruptRecord === undefined ? names : [...names, corruptRecord];
}

class CsvReader implements RowSource {
  readonly nextBatch?: () => Pulled<Batch>;
  readonly columnar = true;
  private readonly chunks: ChunkedRows<unknown>;
  private batches: CsvBatches | undefined;
  private closed = false;

  constructor(
    records: RecordReader,
    private readonly ends: CsvEnds,
    split: ByteSplit,
    format: CsvFormat,
    env: SourceEnv,
  ) {
    const rows = new CsvRows(split, format, env);
    const makeRow =
      format.rows === "arrays" ? (values: readonly unknown[]) => values.slice() : makeObject(rowNames(format));
    this.chunks = new ChunkedRows(records, env, (run: RecordRun) => {
      const made: unknown[] = [];
      rows.begin(records.buffer, run);
      rows.parse(decodeRun(records.buffer, run, env), run.offset, values => made.push(makeRow(values)));
      return made;
    });
    if (hasBatches(format)) this.nextBatch = () => (this.batches ??= new CsvBatches(records, rows, format, env)).next();
  }

  nextChunk(): Pulled<unknown[]> {
    return this.chunks.nextChunk();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.ends.free();
    this.chunks.close();
    this.batches?.close();
    this.batches = undefined;
  }
}
