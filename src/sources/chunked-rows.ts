/** A row source over a record reader: parses run after run, and hands the rows out in chunks. */
import { chunkRowsMax, type Pulled, type RowSource, type SourceEnv } from "./contracts.ts";
import type { RecordReader, RecordRun } from "./record-reader.ts";

export class ChunkedRows<T> implements RowSource<T> {
  private rows: T[] = [];
  private nextRow = 0;

  /** `atEnd` is called when there are no more runs. */
  constructor(
    private readonly records: RecordReader,
    private readonly env: SourceEnv,
    private readonly parse: (run: RecordRun) => T[],
    private readonly atEnd: () => void = () => {},
  ) {}

  nextChunk(): Pulled<T[]> {
    while (this.nextRow >= this.rows.length) {
      const run = this.records.next();
      if (run instanceof Promise) return run.then(arrived => (this.take(arrived) ? this.nextChunk() : undefined));
      if (!this.take(run)) return undefined;
    }
    const { rows, nextRow } = this;
    this.nextRow = nextRow + chunkRowsMax;
    return rows.length <= chunkRowsMax ? rows : rows.slice(nextRow, this.nextRow);
  }

  close(): void {
    this.records.close();
    this.rows = [];
  }

  private take(run: RecordRun | undefined): boolean {
    this.nextRow = 0;
    this.rows = [];
    if (run === undefined) {
      this.atEnd();
      return false;
    }
    this.rows = this.parse(run);
    this.env.metrics.add("rowsRead", this.rows.length);
    return true;
  }
}
