/**
 * What submitters send to a master, kept by its sha256 in one folder: bundles, jobs and files. A blob is there whole and verified, or not at
 * all. Each is bounded in size, and so are all together: room is made by forgetting those unused for longest, but none that a
 * living driver needs and none that came a moment ago.
 */
import { createHash, randomUUID, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";
import { isBlobHash } from "../storage/blob-store.ts";

export interface UploadStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly blobBytesMax: number;
  readonly totalBytesMax: number;
  /** Hashes that drivers still need. */
  readonly inUse: () => Promise<ReadonlySet<string>>;
}

export interface Blob {
  readonly hash: string;
  readonly bytes: number;
}

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** How long a blob is kept for the submission that will name it. */
const freshMs = 10 * 60_000;

export class UploadStore {
  readonly blobBytesMax: number;
  private ready: Promise<unknown> | undefined;

  constructor(private readonly options: UploadStoreOptions) {
    this.blobBytesMax = options.blobBytesMax;
  }

  /** Undefined when it is not here. */
  async find(hash: string): Promise<Blob | undefined> {
    const found = isBlobHash(hash) ? await stat(this.pathOf(hash)).catch(() => undefined) : undefined;
    return found?.isFile() === true ? { hash, bytes: found.size } : undefined;
  }

  /** Keeps the chunks. Rejects with kind "data" when they do not have the hash, "resource" when they are too many. */
  async put(chunks: Chunks, expected?: string): Promise<Blob> {
    const writer = await this.begin(expected);
    try {
      for await (const chunk of chunks) await writer.write(chunk);
      return await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  /** For chunks that come one by one. End it with `finish` or `abort`. */
  async begin(expected?: string): Promise<UploadWriter> {
    this.ready ??= mkdir(this.options.folder, { recursive: true, mode: 0o700 }).then(() => this.removePartial());
    await this.ready;
    const partial = join(this.options.folder, `partial-${randomUUID()}`);
    const file = await open(partial, "wx", 0o600);
    return new UploadWriter(file, partial, expected, this.blobBytesMax, blob => this.keep(partial, blob));
  }

  /** Its bytes, read as they are asked for; undefined when it is not here. */
  async read(hash: string): Promise<(Blob & { readonly chunks: AsyncIterable<Uint8Array> }) | undefined> {
    const blob = await this.find(hash);
    if (blob === undefined) return undefined;
    await this.touch(hash);
    return { ...blob, chunks: createReadStream(this.pathOf(hash), { highWaterMark: 256 * 1024 }) };
  }

  private async keep(partial: string, blob: Blob): Promise<void> {
    const there = await this.find(blob.hash);
    if (there === undefined) await this.makeRoom(blob.bytes);
    await rename(partial, this.pathOf(blob.hash));
    await this.touch(blob.hash);
  }

  private async touch(hash: string): Promise<void> {
    const now = new Date(this.options.clock.nowMs());
    await utimes(this.pathOf(hash), now, now).catch(() => undefined);
  }

  private async makeRoom(bytes: number): Promise<void> {
    const { totalBytesMax, clock } = this.options;
    const kept = (
      await Promise.all((await readdir(this.options.folder)).filter(isBlobHash).map(name => this.aged(name)))
    )
      .filter(each => each !== undefined)
      .sort((a, b) => a.usedMs - b.usedMs);
    let total = bytes + kept.reduce((sum, each) => sum + each.bytes, 0);
    if (total <= totalBytesMax) return;
    const inUse = await this.options.inUse();
    for (const blob of kept) {
      if (inUse.has(blob.hash) || clock.nowMs() - blob.usedMs < freshMs) continue;
      await rm(this.pathOf(blob.hash), { force: true });
      total -= blob.bytes;
      if (total <= totalBytesMax) return;
    }
    throw new FiresteelError("resource", `the master has no room for ${formatBytes(bytes)} more of jobs and files`, {
      hint: "wait for drivers to end, or put files where all workers can read them",
    });
  }

  private async aged(hash: string): Promise<(Blob & { readonly usedMs: number }) | undefined> {
    const found = await stat(this.pathOf(hash)).catch(() => undefined);
    return found && { hash, bytes: found.size, usedMs: found.mtimeMs };
  }

  /** What an earlier process did not finish. */
  private async removePartial(): Promise<void> {
    const names = (await readdir(this.options.folder)).filter(name => name.startsWith("partial-"));
    await Promise.all(names.map(name => rm(join(this.options.folder, name), { force: true })));
  }

  private pathOf(hash: string): string {
    return join(this.options.folder, hash);
  }
}

export class UploadWriter {
  bytes = 0;
  private readonly hash: Hash = createHash("sha256");

  constructor(
    private readonly file: FileHandle,
    private readonly partial: string,
    private readonly expected: string | undefined,
    private readonly bytesMax: number,
    private readonly keep: (blob: Blob) => Promise<void>,
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    if (this.bytes + chunk.length > this.bytesMax) {
      throw new FiresteelError("resource", `it is larger than ${formatBytes(this.bytesMax)}`, {
        hint: "put large data where all workers can read it",
      });
    }
    this.hash.update(chunk);
    this.bytes += chunk.length;
    await this.file.writeFile(chunk);
  }

  async finish(): Promise<Blob> {
    await this.file.close();
    const blob = { hash: this.hash.digest("hex"), bytes: this.bytes };
    if (this.expected !== undefined && blob.hash !== this.expected)
      throw new FiresteelError("data", `the sha256 of what came is ${blob.hash}, not ${this.expected}`);
    await this.keep(blob);
    return blob;
  }

  async abort(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await rm(this.partial, { force: true });
  }
}
