/**
 * Records of one fixed length, as byte arrays of their own. Files are cut as Hadoop's FixedLengthInputFormat cuts them: at multiples
 * of the record, about a block each. A file that does not end with a record is an error.
 */
import { FiresteelError } from "../base/errors.ts";
import { type ByteReader, openBytes } from "./byte-reader.ts";
import { blockBytes, cutFile } from "./byte-splits.ts";
import {
  type ByteSplit,
  bytesUnknown,
  chunkRowsMax,
  type InputFile,
  type Pulled,
  type RowSource,
  type Scan,
} from "./contracts.ts";
import type { SourceEnv } from "./contracts.ts";

const chunkBytes = 1 << 18;

export function planBinaryRecords(files: readonly InputFile[], recordBytes: number): Scan {
  const splits = files.flatMap(file => {
    const { path, bytes, compression, blockBytes: block = blockBytes } = file;
    if (compression === undefined && bytes !== bytesUnknown && bytes % recordBytes !== 0)
      throw notWhole(path, bytes, recordBytes);
    const splitBytes = Math.max(recordBytes, block - (block % recordBytes));
    return cutFile({ ...file, blockBytes: splitBytes }, splitBytes);
  });
  return {
    format: { format: "records", recordBytes },
    splits: splits.map(split => ({ ...split, bounds: "records" as const })),
  };
}

export function openBinaryRecords(split: ByteSplit, recordBytes: number, env: SourceEnv): RowSource {
  return new BinaryRecords(split, recordBytes, env);
}

class BinaryRecords implements RowSource<Uint8Array> {
  private readonly bytes: ByteReader;
  private readonly buffer: Buffer;
  private used = 0;
  /** Bytes of the split that are still to be read; of a compressed file nobody knows. */
  private leftBytes: number;
  private readBytes = 0;

  constructor(
    private readonly split: ByteSplit,
    private readonly recordBytes: number,
    private readonly env: SourceEnv,
  ) {
    const records = Math.max(1, Math.min(chunkRowsMax, Math.floor(chunkBytes / recordBytes)));
    this.buffer = Buffer.from(new ArrayBuffer(records * recordBytes));
    this.leftBytes = split.compression === undefined ? split.end - split.start : Infinity;
    this.bytes = openBytes(split, env.metrics, env.files);
  }

  nextChunk(): Pulled<Uint8Array[]> {
    for (;;) {
      const into = this.buffer.subarray(this.used, Math.min(this.buffer.length, this.used + this.leftBytes));
      const got = into.length === 0 ? 0 : this.bytes.read(into);
      if (typeof got !== "number") return got.then(bytes => (this.received(bytes) ? this.nextChunk() : this.records()));
      if (!this.received(got)) return this.records();
    }
  }

  close(): void {
    this.bytes.close();
  }

  /** Whether there is more to read before records are handed out. */
  private received(got: number): boolean {
    this.used += got;
    this.readBytes += got;
    this.leftBytes -= got;
    return got > 0 && this.used < this.buffer.length;
  }

  private records(): Uint8Array[] | undefined {
    const { buffer, recordBytes, used, split } = this;
    if (used === 0) return undefined;
    if (used % recordBytes !== 0) throw notWhole(split.path, split.start + this.readBytes, recordBytes);
    const records: Uint8Array[] = [];
    // copies, so that `record.buffer` is the record alone
    for (let at = 0; at < used; at += recordBytes)
      records.push(new Uint8Array(buffer.buffer.slice(at, at + recordBytes)));
    this.used = 0;
    this.env.metrics.add("rowsRead", records.length);
    return records;
  }
}

function notWhole(path: string, bytes: number, recordBytes: number): FiresteelError {
  return new FiresteelError(
    "data",
    `${path} does not hold whole records of ${recordBytes} bytes: ${bytes % recordBytes} of its ${bytes} bytes are left over`,
    { hint: "check the record length, and that the file is complete", isPermanent: true },
  );
}
