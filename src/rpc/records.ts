/**
 * What a message stream carries after its handshake: records of a length, a type, bytes, and with a secret a signature over its
 * number and itself. Promises that garbage, truncated, oversized, replayed, reordered and altered records throw, before more than
 * one record is kept.
 *
 *   length u32 (of what follows, without the signature) · type u8 · bytes · signature
 */
import { FiresteelError } from "../base/errors.ts";
import type { Sealer } from "./authentication.ts";
import { frameBytesMax } from "./contracts.ts";

export type RecordType = "hello" | "frame" | "close";
const types: readonly RecordType[] = ["hello", "frame", "close"];
const headerBytes = 4;
const recordBytesMax = 1 + frameBytesMax;

export function writeRecord(type: RecordType, bytes: Uint8Array, sealer: Sealer): Uint8Array {
  const record = new Uint8Array(headerBytes + 1 + bytes.length + sealer.macBytes);
  new DataView(record.buffer).setUint32(0, 1 + bytes.length, true);
  record[headerBytes] = types.indexOf(type);
  record.set(bytes, headerBytes + 1);
  const sealedTo = headerBytes + 1 + bytes.length;
  record.set(sealer.seal(record.subarray(0, sealedTo)), sealedTo);
  return record;
}

/** Takes bytes as they come, gives records as they are whole. */
export class RecordReader {
  private readonly sealer: Sealer;
  private readonly onRecord: (type: RecordType, bytes: Uint8Array) => void;
  private readonly header = new Uint8Array(headerBytes);
  private headerAt = 0;
  private record: Uint8Array | undefined;
  private recordAt = 0;

  constructor(sealer: Sealer, onRecord: (type: RecordType, bytes: Uint8Array) => void) {
    this.sealer = sealer;
    this.onRecord = onRecord;
  }

  /** Nothing of a record is still missing. */
  get betweenRecords(): boolean {
    return this.headerAt === 0;
  }

  read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.record === undefined) {
        this.header[this.headerAt++] = chunk[at++]!;
        if (this.headerAt === headerBytes) this.begin();
        continue;
      }
      const bytes = Math.min(chunk.length - at, this.record.length - this.recordAt);
      this.record.set(chunk.subarray(at, at + bytes), this.recordAt);
      this.recordAt += bytes;
      at += bytes;
      if (this.recordAt === this.record.length) this.end(this.record);
    }
  }

  private begin(): void {
    const length = new DataView(this.header.buffer).getUint32(0, true);
    if (length === 0 || length > recordBytesMax) throw malformed(`a record of ${length} bytes`);
    this.record = new Uint8Array(headerBytes + length + this.sealer.macBytes);
    this.record.set(this.header);
    this.recordAt = headerBytes;
  }

  private end(record: Uint8Array): void {
    this.record = undefined;
    this.headerAt = 0;
    const sealedTo = record.length - this.sealer.macBytes;
    if (!this.sealer.verify(record.subarray(0, sealedTo), record.subarray(sealedTo))) {
      throw malformed("a record whose signature is wrong (altered, replayed or out of order)");
    }
    const type = types[record[headerBytes]!];
    if (type === undefined) throw malformed(`a record of type ${record[headerBytes]}`);
    this.onRecord(type, record.subarray(headerBytes + 1, sealedTo));
  }
}

function malformed(what: string): FiresteelError {
  return new FiresteelError("data", `it sent ${what}`);
}
