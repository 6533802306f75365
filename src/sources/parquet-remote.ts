/**
 * Row groups of remote Parquet files: the bytes of one group's wanted columns are fetched by ranges, several at once, then the reader
 * of local files decodes them. The next group is fetched meanwhile where it is small. A footer is fetched once a split.
 */
import type { ColumnChunk, FileMetaData } from "hyparquet";
import { invariant } from "../base/assert.ts";
import type { Pulled, RowGroupSplit, RowSource, SourceEnv } from "./contracts.ts";
import type { FilePieces } from "./file-pieces.ts";
import type { FileSystem, RemoteFile } from "./file-system.ts";
import { broken, readFooter } from "./parquet-footer.ts";
import { chunkRange } from "./parquet-column.ts";
import { leafChunks, ParquetReader } from "./parquet-reader.ts";
import { columnNames } from "./parquet-plan.ts";

/** Most footers are shorter; others take a second request. */
const tailBytes = 1 << 16;
const rangeBytesMax = 1 << 22;
/** Columns that are nearer to each other are fetched together, with what lies between them. */
const gapBytesMax = 1 << 16;
const atOnceMax = 4;
const aheadBytesMax = 32 << 20;

export function openRemoteParquet(
  split: RowGroupSplit,
  columns: readonly string[] | undefined,
  env: SourceEnv,
): RowSource {
  return new RemoteParquet(split, columns, env);
}

interface Fetched {
  readonly group: number;
  readonly pieces: FilePieces;
  readonly bytes: number;
}

class RemoteParquet implements RowSource {
  readonly nextBatch?: NonNullable<RowSource["nextBatch"]>;
  readonly columnar: boolean;
  private readonly file: RemoteFile;
  private files: FileSystem | undefined;
  private footer: FileMetaData | undefined;
  private reader: ParquetReader | undefined;
  private nextGroup: number;
  private ahead: Promise<Fetched> | undefined;
  private closed = false;

  constructor(
    private readonly split: RowGroupSplit,
    private readonly columns: readonly string[] | undefined,
    private readonly env: SourceEnv,
  ) {
    const { path, address = path, fileBytes, version, form } = split;
    this.file = { path: address, bytes: fileBytes, ...(version !== undefined && { version }) };
    this.nextGroup = split.from;
    if (form !== "rows") this.nextBatch = () => this.pull(reader => reader.nextBatch!());
    this.columnar = form === "columns";
  }

  nextChunk(): Pulled<unknown[]> {
    return this.pull(reader => reader.nextChunk());
  }

  close(): void {
    this.closed = true;
    this.reader?.close();
    this.reader = this.ahead = undefined;
  }

  private pull<T>(take: (reader: ParquetReader) => T | undefined): Pulled<T> {
    const got = this.reader && take(this.reader);
    if (got !== undefined) return got;
    this.reader?.close();
    this.reader = undefined;
    if (this.closed || this.nextGroup === this.split.to) return undefined;
    return this.openGroup(this.nextGroup++).then(() => this.pull(take));
  }

  private async openGroup(index: number): Promise<void> {
    const footer = (this.footer ??= await this.fetchFooter());
    const { group, pieces, bytes } = await (this.ahead ?? this.fetchGroup(footer, index));
    this.ahead = undefined;
    if (this.closed) return;
    invariant(group === index, "row groups come in order");
    const one = { ...this.split, from: index, to: index + 1 };
    this.reader = new ParquetReader(one, this.columns, this.env, footer, pieces);
    if (this.nextGroup === this.split.to || bytes > aheadBytesMax) return;
    this.ahead = this.fetchGroup(footer, this.nextGroup);
    // its failure is told to who waits for it
    this.ahead.catch(() => {});
  }

  private async fetchFooter(): Promise<FileMetaData> {
    const { split, file } = this;
    invariant(this.env.files !== undefined, "a remote file without settings");
    this.files = (await import("./file-systems.ts")).fileSystemOf(split.path, this.env.files);
    await this.files.verify?.(file);
    const from = Math.max(0, split.fileBytes - tailBytes);
    let tail = { from, bytes: await this.files.read(file, from, split.fileBytes) };
    const wanted =
      split.fileBytes -
      8 -
      Buffer.from(tail.bytes.buffer as ArrayBuffer, tail.bytes.byteOffset + tail.bytes.length - 8, 4).readUInt32LE();
    if (wanted >= 0 && wanted < from)
      tail = { from: wanted, bytes: await this.files.read(file, wanted, split.fileBytes) };
    const readForPlan = (at: number, to: number) => Buffer.from(tail.bytes.subarray(at - tail.from, to - tail.from));
    const { path, version } = split;
    return readFooter({ path, bytes: split.fileBytes, ...(version !== undefined && { version }), readForPlan });
  }

  private async fetchGroup(footer: FileMetaData, index: number): Promise<Fetched> {
    const group = footer.row_groups[index];
    if (group === undefined) throw broken(this.split.path, `it has no row group ${index} any more`);
    const names = new Set(this.columns ?? columnNames(footer));
    const chunks = [...names].flatMap(name => leafChunks(group, name));
    const ranges = joined(chunks.flatMap(placeOf), this.split.fileBytes);
    const buffers = await Promise.all(ranges.map(range => this.fetchRange(range)));
    const pieces: FilePieces = {
      at(position, bytes) {
        const i = ranges.findIndex(({ from, to }) => position >= from && position + bytes <= to);
        invariant(i >= 0, "a column lies where nothing was fetched");
        const start = position - ranges[i]!.from;
        // hyparquet takes ArrayBuffers that are no one else's
        const own = Buffer.from(new ArrayBuffer(bytes));
        buffers[i]!.copy(own, 0, start, start + bytes);
        return own;
      },
      close: () => void buffers.splice(0),
    };
    return { group: index, pieces, bytes: buffers.reduce((sum, buffer) => sum + buffer.length, 0) };
  }

  /** A range by ranges of bounded length. */
  private async fetchRange({ from, to }: Range): Promise<Buffer> {
    const whole = Buffer.alloc(to - from);
    let next = from;
    const run = async () => {
      for (let at = next; at < to; at = next) {
        next = Math.min(to, at + rangeBytesMax);
        const end = next;
        whole.set(await this.files!.read(this.file, at, end), at - from);
      }
    };
    await Promise.all(Array.from({ length: atOnceMax }, run));
    return whole;
  }
}

/** Where a column lies; of one that says so wrongly the reader tells, which has a name for it. */
function placeOf(chunk: ColumnChunk): readonly Place[] {
  try {
    return [chunkRange(chunk)];
  } catch {
    return [];
  }
}

interface Place {
  readonly position: number;
  readonly bytes: number;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The ranges in order, near ones as one; those outside the file are left to who reads them. */
function joined(chunks: readonly Place[], fileBytes: number): Range[] {
  const inside = chunks.filter(({ position, bytes }) => position >= 0 && bytes >= 0 && position + bytes <= fileBytes);
  const ranges: { from: number; to: number }[] = [];
  for (const { position, bytes } of inside.toSorted((a, b) => a.position - b.position)) {
    const last = ranges.at(-1);
    if (last !== undefined && position - last.to <= gapBytesMax) last.to = Math.max(last.to, position + bytes);
    else ranges.push({ from: position, to: position + bytes });
  }
  return ranges;
}
