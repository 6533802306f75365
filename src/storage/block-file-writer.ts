/**
 * Writes one cached partition's file: its blocks as segments, then an index of them. When a write fails, for want of room or because
 * the local dir can no longer be used, or was removed meanwhile, what is written so far is copied to a file in another dir, and
 * the writing goes on there, until all have failed.
 *
 * Does not: go back to a dir that has failed; the next file tries it again.
 */
import { crc32 } from "node:zlib";
import { FiresteelError } from "../base/errors.ts";
import type { Block } from "../data/contracts.ts";
import { type BlockTable, entryWord } from "./block-table.ts";
import { type FileKey, Sealing } from "./file-cipher.ts";
import { type DirFailures, diskError, dirOf, dirsFailed, type LocalDirs, newLocalFile } from "./local-dirs.ts";
import { type Segment, type SpillFs, type SpillOptions, SpillWriter } from "./spill-file.ts";

/** What follows the segments in a file. */
export interface BlockFileIndex {
  readonly rows: number;
  readonly segments: readonly Omit<Segment, "file">[];
}

export interface BlockFilePlace {
  readonly dirs: LocalDirs;
  /** In each of the dirs. */
  readonly folder: string;
  /** Of a file, another at each call. */
  newName(): string;
  /** Makes the entry say which file is in the making; none: undefined. */
  named(path: string | undefined): void;
}

const vanishedMax = 10;

export class BlockFileWriter {
  private writer: SpillWriter | undefined;
  private segments: Segment[] = [];
  private readonly failed: DirFailures = new Map();
  private wasRemoved = false;
  private isOpen = true;

  constructor(
    private readonly u8: Uint8Array,
    private readonly place: BlockFilePlace,
    private readonly options: SpillOptions & { readonly fs: SpillFs },
  ) {
    try {
      this.writer = this.open();
    } catch (thrown) {
      place.named(undefined);
      throw thrown;
    }
  }

  append(block: Block): void {
    const segment = this.somewhere(writer => writer.append(block.ptr, block.bytes));
    this.segments.push(segment);
  }

  /** A block that is on the heap. */
  appendPlain(block: Uint8Array): void {
    const segment = this.somewhere(writer => writer.appendPlain(block));
    this.segments.push(segment);
  }

  /** Writes the index and makes the entry name the file. The state is the caller's. */
  finish(rows: number, table: BlockTable, entry: number): void {
    const { at, index } = this.somewhere(writer => this.writeIndex(writer, rows));
    table.set(entry, entryWord.rows, rows | 0);
    table.set(entry, entryWord.indexLow, at | 0);
    table.set(entry, entryWord.indexHigh, Math.floor(at / 2 ** 32));
    table.set(entry, entryWord.indexBytes, index.length);
    table.set(entry, entryWord.indexCrc, crc32(index) | 0);
    table.set(entry, entryWord.fileDir, -table.get(entry, entryWord.fileDir));
    this.end();
  }

  /** Removes it; the entry names none. */
  abort(): void {
    if (!this.isOpen) return;
    this.writer!.abort();
    this.place.named(undefined);
    this.end();
  }

  private end(): void {
    this.isOpen = false;
    this.options.codec?.free();
  }

  private writeIndex(writer: SpillWriter, rows: number): { readonly at: number; readonly index: Uint8Array } {
    const { options } = this;
    const at = writer.length;
    const segments = this.segments.map(({ file: _, ...segment }) => segment);
    const index = seal(
      new TextEncoder().encode(JSON.stringify({ rows, segments } satisfies BlockFileIndex)),
      options.key,
    );
    const doing = `writing cached rows to ${writer.file}`;
    try {
      for (let done = 0; done < index.length;)
        done += options.fs.writeSync(writer.descriptor, index, done, index.length - done, at + done);
    } catch (thrown) {
      throw diskError(doing, thrown);
    }
    // written, and yet nobody could read it
    if (!writer.isThere) throw diskError(doing, new Error("the file was removed"));
    writer.close();
    return { at, index };
  }

  private somewhere<T>(write: (writer: SpillWriter) => T): T {
    for (;;) {
      try {
        return write(this.writer!);
      } catch (thrown) {
        if (!isOfDisk(thrown)) throw thrown;
        this.moveOn(this.writer!, thrown);
      }
    }
  }

  /** Another file, with all segments so far. */
  private moveOn(from: SpillWriter, thrown: unknown): void {
    // a dir that somebody emptied may be used again, once
    if (this.wasRemoved || from.isThere) this.fail(from.file, thrown);
    else this.wasRemoved = true;
    for (;;) {
      const to = this.open();
      try {
        this.segments = this.segments.map(segment => to.appendCopy(segment, from.descriptor));
      } catch (again) {
        to.abort();
        if (!isOfDisk(again)) throw again;
        this.fail(to.file, again);
        continue;
      }
      this.writer = to;
      this.place.named(to.file);
      from.abort();
      return;
    }
  }

  private open(): SpillWriter {
    for (let vanished = 0; ;) {
      const file = this.newPath();
      // its remover must know of the first before it is there; others go with their folder when nobody is left to name them
      if (this.writer === undefined) this.place.named(file);
      try {
        return new SpillWriter(this.u8, file, this.options);
      } catch (thrown) {
        if (!isOfDisk(thrown)) throw thrown;
        // the folder that was made for it went with partitions that were removed just then
        if (isMissing(thrown) && vanished++ < vanishedMax) continue;
        this.fail(file, thrown);
      }
    }
  }

  private newPath(): string {
    const { failed, options } = this;
    const { dirs, folder, newName } = this.place;
    if (failed.size < dirs.paths.length) {
      try {
        return newLocalFile(dirs, folder, newName(), failed);
      } catch (thrown) {
        if (failed.size < dirs.paths.length) throw thrown;
      }
    }
    throw dirsFailed(`spilling ${options.what ?? "cached rows"}`, "to", failed);
  }

  private fail(file: string, thrown: unknown): void {
    this.failed.set(dirOf(this.place.dirs, file), thrown);
  }
}

function isOfDisk(thrown: unknown): boolean {
  return thrown instanceof FiresteelError && thrown.kind === "resource";
}

function isMissing(thrown: unknown): boolean {
  return (thrown as { cause?: { code?: unknown } }).cause?.code === "ENOENT";
}

function seal(bytes: Uint8Array, key: FileKey | undefined): Uint8Array {
  if (key === undefined) return bytes;
  const sealing = new Sealing(key);
  return Buffer.concat([sealing.head, sealing.update(bytes), sealing.end()]);
}
