/**
 * Cached partitions as files of the local dirs: the stored blocks as segments (length and crc32 each), then an index of them with
 * a crc32 of its own. A file is written to the end before the table names it, and read only where index and segments prove right;
 * anything else throws, and its reader computes the partition again.
 */
import { randomBytes } from "node:crypto";
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { FiresteelError } from "../base/errors.ts";
import type { Block } from "../data/contracts.ts";
import { type Allocator, MemoryRefused } from "../kernel/allocator.ts";
import { pageBytes } from "../kernel/control-area.ts";
import type { MemoryPool } from "../kernel/memory-pool.ts";
import { cachedHolder } from "../kernel/memory-refusal.ts";
import type { OwnerId } from "../kernel/owners.ts";
import { asPtr, type Ptr } from "../kernel/ptr.ts";
import { type BlockFileIndex, BlockFileWriter } from "./block-file-writer.ts";
import { type BlockTable, entryWord } from "./block-table.ts";
import type { CompressionRates } from "./compression.ts";
import { type FileKey, SealedFile, unsealedLength } from "./file-cipher.ts";
import { type LocalDirs, removeLocalFolder } from "./local-dirs.ts";
import type { SpillCodec, SpillFs } from "./spill-file.ts";
import { SpillReader } from "./spill-reader.ts";

export interface BlockFilesOptions {
  readonly dirs: LocalDirs;
  readonly openCodec?: ((allocator: Allocator) => SpillCodec) | undefined;
  /** To use the codec where that pays; without them it is always used. */
  readonly rates?: CompressionRates | undefined;
  readonly fs?: SpillFs | undefined;
}

/** A partition's file that is being written. */
export interface NewBlockFile {
  append(block: Block): void;
  /** A block that is on the heap. */
  appendPlain(block: Uint8Array): void;
  /** Writes the index and makes the entry name the file. The state is the caller's. */
  finish(rows: number): void;
  /** Removes it; the entry names none. */
  abort(): void;
}

/** A partition's file, open. */
export interface BlockFile {
  readonly rows: number;
  /** Of each stored block, in order. */
  readonly blockBytes: readonly number[];
  /** Fills `to` with a block. Throws kind "data" when the file is damaged or gone. */
  read(index: number, to: Ptr): void;
  close(): void;
}

const indexBytesMax = 1 << 28;

export class BlockFiles {
  private readonly u8: Uint8Array;

  constructor(
    private readonly pool: MemoryPool,
    private readonly table: BlockTable,
    private readonly options: BlockFilesOptions,
  ) {
    this.u8 = new Uint8Array(pool.area.memory.buffer);
  }

  /** For an entry that is the caller's. `allocator` is for the codec, which is done without where there is no room. */
  create(entry: number, allocator: Allocator, compresses: boolean): NewBlockFile {
    const { table, options } = this;
    const { dirs, rates } = options;
    const rdd = table.get(entry, entryWord.rdd);
    let name = 0;
    const newName = () => {
      name = randomBytes(4).readInt32LE();
      return fileOf(table.get(entry, entryWord.partition), name);
    };
    const named = (path: string | undefined) => {
      table.set(entry, entryWord.fileName, name);
      const dir = path === undefined ? 0 : 1 + dirs.paths.findIndex(each => path.startsWith(join(each, "/")));
      table.set(entry, entryWord.fileDir, -dir);
    };
    const codec = compresses ? this.codecIn(allocator) : undefined;
    const settings = {
      codec,
      rates,
      fs: options.fs ?? nodeFs,
      what: `cached rows of ${cachedHolder(rdd)}`,
      key: dirs.key,
    };
    try {
      const writer = new BlockFileWriter(this.u8, { dirs, folder: folderOf(rdd), newName, named }, settings);
      return {
        append: block => writer.append(block),
        appendPlain: block => writer.appendPlain(block),
        finish: rows => writer.finish(rows, table, entry),
        abort: () => writer.abort(),
      };
    } catch (thrown) {
      codec?.free();
      throw thrown;
    }
  }

  /** All of a partition's blocks that are in memory. */
  write(entry: number, blocks: readonly Block[], rows: number, owner: OwnerId, compresses: boolean): void {
    const file = this.create(entry, pagesFor(this.pool, owner), compresses);
    try {
      for (const block of blocks) file.append(block);
      file.finish(rows);
    } catch (thrown) {
      file.abort();
      throw thrown;
    }
  }

  /** The file of an entry that the caller has pinned. Throws kind "data" when it is damaged or gone. */
  open(entry: number, allocator: Allocator): BlockFile {
    const { table, options } = this;
    const file = this.pathOf(entry);
    const index = this.readIndex(entry, file);
    const { key } = options.dirs;
    const isCompressed = index.segments.some(({ length, rawLength }) => unsealedLength(length, key) !== rawLength);
    const codec = isCompressed ? options.openCodec?.(allocator) : undefined;
    const reader = new SpillReader(this.u8, { codec, fs: options.fs, key });
    table.touch(entry);
    return {
      rows: index.rows,
      blockBytes: index.segments.map(({ rawLength }) => rawLength),
      read: (at, to) => reader.read({ ...index.segments[at]!, file }, to),
      close: () => {
        reader.close();
        codec?.free();
      },
    };
  }

  /** Of the entry's whole file, 0 without one. */
  bytesOf(entry: number): number {
    const { table } = this;
    if (table.get(entry, entryWord.fileDir) <= 0) return 0;
    return this.indexAt(entry) + table.get(entry, entryWord.indexBytes);
  }

  /** Where the entry's file is, or was to be; undefined without one. To be removed when the entry names it no more. */
  fileOf(entry: number): string | undefined {
    return this.table.get(entry, entryWord.fileDir) === 0 ? undefined : this.pathOf(entry);
  }

  remove(path: string | undefined): void {
    if (path === undefined) return;
    try {
      (this.options.fs ?? nodeFs).unlinkSync(path);
    } catch {
      // gone already, or its disk is: it goes with its folder
    }
  }

  removeFolder(rdd: number): void {
    removeLocalFolder(this.options.dirs, folderOf(rdd));
  }

  private codecIn(allocator: Allocator): SpillCodec | undefined {
    try {
      return this.options.openCodec?.(allocator);
    } catch (thrown) {
      if (thrown instanceof MemoryRefused) return undefined;
      throw thrown;
    }
  }

  private pathOf(entry: number): string {
    const { table } = this;
    const dir = this.options.dirs.paths[Math.abs(table.get(entry, entryWord.fileDir)) - 1]!;
    const name = fileOf(table.get(entry, entryWord.partition), table.get(entry, entryWord.fileName));
    return join(dir, folderOf(table.get(entry, entryWord.rdd)), name);
  }

  private indexAt(entry: number): number {
    const { table } = this;
    return (table.get(entry, entryWord.indexLow) >>> 0) + table.get(entry, entryWord.indexHigh) * 2 ** 32;
  }

  private readIndex(entry: number, path: string): BlockFileIndex {
    const { table } = this;
    const fs = this.options.fs ?? nodeFs;
    const bytes = new Uint8Array(Math.min(indexBytesMax, table.get(entry, entryWord.indexBytes)));
    try {
      const fd = fs.openSync(path, "r");
      try {
        for (let done = 0; done < bytes.length;) {
          const got = fs.readSync(fd, bytes, done, bytes.length - done, this.indexAt(entry) + done);
          if (got === 0) throw new Error("it is shorter than it was");
          done += got;
        }
      } finally {
        fs.closeSync(fd);
      }
      if ((crc32(bytes) | 0) !== table.get(entry, entryWord.indexCrc)) throw new Error("its index is damaged");
      return JSON.parse(new TextDecoder().decode(unseal(bytes, this.options.dirs.key))) as BlockFileIndex;
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw new FiresteelError("data", `a cached partition cannot be read back from ${path}: ${why}`, {
        cause: thrown,
      });
    }
  }
}

function unseal(bytes: Uint8Array, key: FileKey | undefined): Uint8Array {
  if (key === undefined) return bytes;
  let at = 0;
  const file = new SealedFile(key, into => {
    into.set(bytes.subarray(at, at + into.length));
    at += into.length;
  });
  const plain = file.take(unsealedLength(bytes.length, key)).slice();
  file.end();
  return plain;
}

/** Pages that nobody has, taken for an owner that has no other memory at hand. */
function pagesFor(pool: MemoryPool, owner: OwnerId): Allocator {
  const pagesOf = (bytes: number) => Math.ceil(bytes / pageBytes);
  return {
    alloc(bytes) {
      const page = pool.pages.claim(pagesOf(bytes), owner);
      if (page === 0) throw new MemoryRefused(bytes);
      return asPtr(page * pageBytes);
    },
    free: (ptr, bytes) => pool.pages.free(ptr / pageBytes, pagesOf(bytes), owner),
  };
}

function folderOf(rdd: number): string {
  return `rdd-${rdd}`;
}

function fileOf(partition: number, name: number): string {
  return `block-${partition}-${(name >>> 0).toString(16).padStart(8, "0")}`;
}
