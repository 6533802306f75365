/**
 * Outputs in HDFS, as local ones are made: a task writes `_temporary/attempt-<id>/<part>`, which nobody reads, as its rows come; the
 * job's commit renames the parts of those attempts that count into the folder, one atomic rename each, removes `_temporary`, and
 * writes `_SUCCESS` last, so a folder that has it is whole.
 */
import { FiresteelError } from "../base/errors.ts";
import type { SourceMetrics } from "./contracts.ts";
import type { HdfsClient } from "./hdfs-client.ts";
import { hdfsPlace } from "./hdfs-name-nodes.ts";
import {
  type CommittedPart,
  type OutputCommitter,
  type OutputDirectory,
  outputExists,
  type PartFile,
} from "./output-committer.ts";
import { PieceQueue } from "./piece-queue.ts";

const doing = "write to";
const pieceBytes = 1 << 18;
/** What waits to be sent when a task is asked to wait. */
const queuedBytesMax = 1 << 23;

export class HdfsOutput implements OutputCommitter {
  constructor(private readonly client: HdfsClient) {}

  async createOutput(path: string): Promise<OutputDirectory> {
    const folder = path.replace(/(?<=[^/])\/+$/, "");
    if ((await this.client.ask(folder, "GET", "GETFILESTATUS", {}, doing)) !== undefined) throw outputExists(path);
    await this.change(`${folder}/_temporary`, "PUT", "MKDIRS");
    return { path: folder };
  }

  openPart({ path }: OutputDirectory, file: string, attempt: number, metrics: SourceMetrics): PartFile {
    return new HdfsPart(this.client, attemptFolder(path, attempt), file, metrics);
  }

  async commitOutput({ path }: OutputDirectory, parts: readonly CommittedPart[]): Promise<void> {
    for (const { file, attempt } of parts) {
      const destination = hdfsPlace(`${path}/${file}`).path;
      await this.change(`${attemptFolder(path, attempt)}/${file}`, "PUT", "RENAME", { destination });
    }
    await remove(this.client, `${path}/_temporary`);
    const nothing = new PieceQueue(queuedBytesMax);
    nothing.end();
    await this.client.create(`${path}/_SUCCESS`, nothing);
  }

  async abortOutput({ path }: OutputDirectory): Promise<void> {
    await remove(this.client, path).catch(() => {});
  }

  /** An operation that answers whether it was done. */
  private async change(path: string, method: string, operation: string, query = {}): Promise<void> {
    const answer = await this.client.ask<{ boolean?: boolean }>(path, method, operation, query, doing);
    if (answer?.boolean === true) return;
    throw new FiresteelError("resource", `cannot write to ${path}: ${operation} was not done`, {
      hint: "leave the output alone until the job has ended",
    });
  }
}

class HdfsPart implements PartFile {
  private readonly path: string;
  private readonly pieces = new PieceQueue(queuedBytesMax);
  private readonly sent: Promise<void>;
  private piece: Buffer = Buffer.alloc(0);
  private writtenBytes = 0;

  constructor(
    private readonly client: HdfsClient,
    private readonly folder: string,
    file: string,
    private readonly metrics: SourceMetrics,
  ) {
    this.path = `${folder}/${file}`;
    this.sent = client.create(this.path, this.pieces);
    // who waits for room, or for the end, hears of it
    this.sent.catch(thrown => this.pieces.fail(thrown));
  }

  write(bytes: Uint8Array): void {
    this.writtenBytes += bytes.length;
    this.metrics.add("bytesWritten", bytes.length);
    // small writes are put together, and all are copied: they are the caller's again
    this.piece = Buffer.concat([this.piece, bytes]);
    if (this.piece.length >= pieceBytes) this.flush();
  }

  drain(): Promise<void> | undefined {
    return this.pieces.drained();
  }

  async commit(): Promise<void> {
    this.flush();
    this.pieces.end();
    await this.sent;
    const status = await this.client.ask<{ FileStatus: { length: number } }>(
      this.path,
      "GET",
      "GETFILESTATUS",
      {},
      doing,
    );
    const got = status?.FileStatus.length ?? 0;
    if (got === this.writtenBytes) return;
    throw new FiresteelError("resource", `cannot write to ${this.path}: ${got} of ${this.writtenBytes} bytes arrived`);
  }

  async abort(): Promise<void> {
    this.pieces.fail(new FiresteelError("cancelled", "the part is not wanted any more"));
    await this.sent.catch(() => {});
    await remove(this.client, this.folder).catch(() => {});
  }

  private flush(): void {
    if (this.piece.length > 0) this.pieces.push(this.piece);
    this.piece = Buffer.alloc(0);
  }
}

async function remove(client: HdfsClient, path: string): Promise<void> {
  await client.ask(path, "DELETE", "DELETE", { recursive: "true" }, doing);
}

function attemptFolder(folder: string, attempt: number): string {
  return `${folder}/_temporary/attempt-${attempt}`;
}
