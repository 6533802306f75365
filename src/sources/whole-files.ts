/**
 * Files as rows: `[path, text]` or `[path, bytes]`. Several small files make a partition, packed as Hadoop's CombineFileInputFormat
 * packs them: in order, until they are a partition's share of all bytes. Text is decompressed and loses its byte order mark;
 * bytes are those of the file. A row is held whole, so its size has a limit, before and after decompression.
 */
import { FiresteelError } from "../base/errors.ts";
import { type ByteReader, openBytes } from "./byte-reader.ts";
import { hostsOf, wholeFile } from "./byte-splits.ts";
import { refuseUnknownCompression } from "./codecs.ts";
import { type ByteSplit, bytesUnknown, type FilesSplit, type InputFile } from "./contracts.ts";
import type { Pulled, RowSource, Scan, ScanFormat, SourceEnv, SourceMetrics } from "./contracts.ts";
import { remoteSchemeOf } from "./file-schemes.ts";
import { decodeRun } from "./text-reader.ts";

type WholeFormat = Extract<ScanFormat, { format: "wholeFiles" }>;

const pieceBytes = 1 << 18;
const byteOrderMark = 0xefbbbf;

export function planWholeFiles(
  files: readonly InputFile[],
  minPartitions: number,
  rows: WholeFormat["rows"],
  maxFileBytes: number,
): Scan {
  const format: WholeFormat = { format: "wholeFiles", rows, maxFileBytes };
  const read = files.map(file => (rows === "text" ? file : uncompressed(file)));
  for (const { path, bytes, compression } of read) {
    if (rows === "text") refuseUnknownCompression(path);
    if (compression === undefined && bytes !== bytesUnknown && bytes > maxFileBytes)
      throw tooLarge(path, format, `${bytes} bytes`);
  }
  return { format, splits: packFiles(read, minPartitions) };
}

/** What `binaryFiles` gives of compressed files is their own bytes. */
function uncompressed({ compression: _compression, ...file }: InputFile): InputFile {
  return file;
}

function packFiles(files: readonly InputFile[], minPartitions: number): FilesSplit[] {
  const totalBytes = files.reduce((sum, file) => sum + knownBytes(file), 0);
  const goalBytes = Math.ceil(totalBytes / minPartitions);
  const packs: InputFile[][] = [];
  let pack: InputFile[] = [];
  let packBytes = 0;
  for (const file of files) {
    const bytes = knownBytes(file);
    // empty files behind a full pack make no partition of their own
    if (packs.length === 0 || (bytes > 0 && packBytes >= goalBytes)) {
      packs.push((pack = []));
      packBytes = 0;
    }
    pack.push(file);
    packBytes += bytes;
  }
  return packs.map(splitOf);
}

function knownBytes({ bytes }: InputFile): number {
  return bytes === bytesUnknown ? 0 : bytes;
}

function splitOf(pack: readonly InputFile[]): FilesSplit {
  const files = pack.map(file => wholeFile(file, "records"));
  const remote = files.find(file => remoteSchemeOf(file.path, "read") !== undefined);
  const compression = files.find(file => file.compression !== undefined)?.compression;
  const hosts = hostsOf(
    pack.flatMap(file => file.blocks ?? []),
    0,
    bytesUnknown,
  );
  return {
    kind: "files",
    path: (remote ?? files[0]!).path,
    files,
    ...(hosts.length > 0 && { hosts }),
    ...(compression !== undefined && { compression }),
  };
}

export function openWholeFiles(split: FilesSplit, format: WholeFormat, env: SourceEnv): RowSource {
  return new WholeFiles(split, format, env);
}

class WholeFiles implements RowSource {
  private nextFile = 0;
  private reader: ByteReader | undefined;
  private closed = false;

  constructor(
    private readonly split: FilesSplit,
    private readonly format: WholeFormat,
    private readonly env: SourceEnv,
  ) {}

  /** One file at a time. */
  nextChunk(): Pulled<unknown[]> {
    const file = this.closed ? undefined : this.split.files[this.nextFile++];
    if (file === undefined) return undefined;
    const { metrics, files } = this.env;
    const counted: SourceMetrics = { add: (metric, amount) => metrics.add(metric, amount, file.path) };
    this.reader = openBytes(file, counted, files);
    const bytes = this.readAll(this.reader, file);
    return bytes instanceof Promise
      ? bytes.then(read => this.row(read, file.path, counted))
      : this.row(bytes, file.path, counted);
  }

  close(): void {
    this.closed = true;
    this.reader?.close();
  }

  private row(bytes: Buffer, path: string, metrics: SourceMetrics): unknown[] {
    this.reader?.close();
    metrics.add("rowsRead", 1);
    if (this.format.rows === "bytes") return [[path, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)]];
    const from = bytes.length >= 3 && bytes.readUIntBE(0, 3) === byteOrderMark ? 3 : 0;
    return [[path, decodeRun(bytes, { from, to: bytes.length, offset: from }, { metrics })]];
  }

  /** The file's bytes, in a buffer of their own length. */
  private readAll(reader: ByteReader, file: ByteSplit): Buffer | Promise<Buffer> {
    // a file whose length is known fills one buffer; one more byte would be told
    const known = file.compression === undefined && file.fileBytes !== bytesUnknown;
    const pieces: Buffer[] = [];
    let piece = Buffer.from(new ArrayBuffer(known ? file.fileBytes : pieceBytes));
    let filled = 0;
    let total = 0;
    const whole = () => {
      if (filled === piece.length && pieces.length === 0) return piece;
      const joined = Buffer.from(new ArrayBuffer(total));
      let at = 0;
      for (const each of [...pieces, piece.subarray(0, filled)]) at += each.copy(joined, at);
      return joined;
    };
    const received = (got: number): boolean => {
      filled += got;
      total += got;
      if (total > this.format.maxFileBytes)
        throw tooLarge(file.path, this.format, file.compression === undefined ? "more" : "more once decompressed");
      if (got === 0 || (known && filled === piece.length)) return false;
      if (filled < piece.length) return true;
      pieces.push(piece);
      // as much again, so that few pieces make a large file
      piece = Buffer.from(new ArrayBuffer(Math.min(total, this.format.maxFileBytes + 1 - total) || 1));
      filled = 0;
      return true;
    };
    const more = (): Buffer | Promise<Buffer> => {
      for (;;) {
        const got = reader.read(piece.subarray(filled));
        if (typeof got !== "number") return got.then(bytes => (received(bytes) ? more() : whole()));
        if (!received(got)) return whole();
      }
    };
    return file.fileBytes === 0 ? piece.subarray(0, 0) : more();
  }
}

function tooLarge(path: string, { rows, maxFileBytes }: WholeFormat, bytes: string): FiresteelError {
  const [operator, other] = rows === "text" ? ["wholeTextFiles", "textFile"] : ["binaryFiles", "binaryRecords"];
  return new FiresteelError(
    "resource",
    `${path} is too large for one row of ${operator}: it has ${bytes}, and ${maxFileBytes} is the most`,
    { hint: `raise firesteel.files.maxFileBytes, or read it in pieces with ${other}`, isPermanent: true },
  );
}
