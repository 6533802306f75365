/**
 * Bytes of this process by their sha256, for others to fetch: stages, bundles, results, parts of broadcast values. Held as often
 * as they were put, gone when released as often. In memory up to a bound, in files of the local directories beyond it.
 *
 * Bytes that live elsewhere in the process anyway (`share`) are neither copied nor counted. Does not: fetch (shuffle/blob-client.ts),
 * evict, or keep anything beyond the process.
 */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { FiresteelError } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";
import { type FileKey, SealedFile, Sealing } from "./file-cipher.ts";
import { type LocalDirs, writeLocalFile } from "./local-dirs.ts";

export interface BlobStoreOptions {
  readonly memoryBytesMax: number;
  /** Where blobs go beyond those; without them they are refused. */
  readonly dirs?: LocalDirs | undefined;
}

interface Blob {
  readonly length: number;
  readonly bytes: Uint8Array | undefined;
  readonly file: string | undefined;
  /** Of its length, what counts against the bound. */
  readonly countedBytes: number;
  holders: number;
}

export const blobPartBytes = 1 << 20;
const folder = "blobs";
const hashPattern = /^[0-9a-f]{64}$/;

export function isBlobHash(text: string): boolean {
  return hashPattern.test(text);
}

export function blobHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export class BlobStore {
  /** Of blobs that were put and are in memory. */
  memoryBytes = 0;
  private readonly blobs = new Map<string, Blob>();
  /** Of files. */
  private key: FileKey | undefined;

  constructor(private readonly options: BlobStoreOptions) {
    this.key = options.dirs?.key;
  }

  /** For a process that learns the application's key later, before there are any files. */
  encryptWith(key: FileKey | undefined): void {
    this.key = key;
  }

  get size(): number {
    return this.blobs.size;
  }

  /** Keeps bytes, which nobody changes from now on; gives their hash. */
  put(bytes: Uint8Array, hash = blobHash(bytes)): string {
    if (this.hold(hash)) return hash;
    const fits = this.memoryBytes + bytes.length <= this.options.memoryBytesMax;
    if (fits) {
      this.memoryBytes += bytes.length;
      this.add(hash, { length: bytes.length, bytes, file: undefined, countedBytes: bytes.length, holders: 1 });
    } else {
      const file = this.write(bytes);
      this.add(hash, { length: bytes.length, bytes: undefined, file, countedBytes: 0, holders: 1 });
    }
    return hash;
  }

  /** Offers bytes that the process keeps in memory anyway, until they are released here. */
  share(bytes: Uint8Array, hash = blobHash(bytes)): string {
    if (!this.hold(hash)) {
      this.add(hash, { length: bytes.length, bytes, file: undefined, countedBytes: 0, holders: 1 });
    }
    return hash;
  }

  /** One more holder of a blob that is here; false when it is not. */
  hold(hash: string): boolean {
    const blob = this.blobs.get(hash);
    if (blob !== undefined) blob.holders++;
    return blob !== undefined;
  }

  release(hash: string): void {
    const blob = this.blobs.get(hash);
    if (blob === undefined || --blob.holders > 0) return;
    this.blobs.delete(hash);
    this.memoryBytes -= blob.countedBytes;
    if (blob.file !== undefined) rmSync(blob.file, { force: true });
  }

  has(hash: string): boolean {
    return this.blobs.has(hash);
  }

  /** All of a blob; undefined when it is not here. */
  read(hash: string): Uint8Array | undefined {
    const blob = this.blobs.get(hash);
    if (blob === undefined || blob.bytes !== undefined) return blob?.bytes;
    const bytes = new Uint8Array(blob.length);
    let at = 0;
    for (const part of fileParts(blob.file!, blob.length, this.key)) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** A blob in parts, for sending: none of them is memory that threads share. Undefined when it is not here. */
  parts(hash: string): Iterable<Uint8Array> | undefined {
    const blob = this.blobs.get(hash);
    if (blob === undefined) return undefined;
    return blob.bytes === undefined ? fileParts(blob.file!, blob.length, this.key) : memoryParts(blob.bytes);
  }

  /** Forgets everything, files too. */
  close(): void {
    for (const blob of this.blobs.values()) if (blob.file !== undefined) rmSync(blob.file, { force: true });
    this.blobs.clear();
    this.memoryBytes = 0;
  }

  private add(hash: string, blob: Blob): void {
    this.blobs.set(hash, blob);
  }

  private write(bytes: Uint8Array): string {
    const { dirs, memoryBytesMax } = this.options;
    if (dirs === undefined) {
      throw new FiresteelError(
        "resource",
        `${formatBytes(bytes.length)} for other processes to fetch do not fit: ${formatBytes(this.memoryBytes)} of ${formatBytes(memoryBytesMax)} are taken, and there is no local directory`,
        { hint: "set firesteel.local.dirs to folders that can be written to" },
      );
    }
    const name = () => randomBytes(12).toString("hex");
    const doing = "writing bytes for other processes";
    return writeLocalFile(dirs, folder, name, doing, file => writeFile(file, bytes, this.key));
  }
}

function writeFile(file: string, bytes: Uint8Array, key: FileKey | undefined): void {
  const fd = openSync(file, "wx", 0o600);
  const write = (part: Uint8Array) => {
    for (let done = 0; done < part.length;) done += writeSync(fd, part, done);
  };
  try {
    if (key === undefined) return write(bytes);
    const sealing = new Sealing(key);
    write(sealing.head);
    for (let at = 0; at < bytes.length; at += blobPartBytes)
      write(sealing.update(bytes.subarray(at, at + blobPartBytes)));
    write(sealing.end());
  } finally {
    closeSync(fd);
  }
}

function* memoryParts(bytes: Uint8Array): Generator<Uint8Array> {
  const isShared = bytes.buffer instanceof SharedArrayBuffer;
  for (let at = 0; at < bytes.length; at += blobPartBytes) {
    const part = bytes.subarray(at, at + blobPartBytes);
    yield isShared ? part.slice() : part;
  }
}

function* fileParts(file: string, length: number, key: FileKey | undefined): Generator<Uint8Array> {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (thrown) {
    throw new FiresteelError("lost", `bytes in ${file} are gone`, { cause: thrown });
  }
  const fill = (part: Uint8Array) => {
    for (let done = 0; done < part.length;) {
      const read = readSync(fd, part, done, part.length - done, null);
      if (read === 0) throw new FiresteelError("lost", `bytes in ${file} are cut short`);
      done += read;
    }
    return part;
  };
  try {
    const sealed = key && new SealedFile(key, fill);
    for (let at = 0; at < length; at += blobPartBytes) {
      const bytes = Math.min(blobPartBytes, length - at);
      yield sealed === undefined ? fill(new Uint8Array(bytes)) : sealed.take(bytes);
    }
    if (sealed !== undefined) proveWhole(sealed, file);
  } finally {
    closeSync(fd);
  }
}

function proveWhole(sealed: SealedFile, file: string): void {
  try {
    sealed.end();
  } catch (thrown) {
    throw new FiresteelError("lost", `bytes in ${file} were changed: ${(thrown as Error).message}`, { cause: thrown });
  }
}
