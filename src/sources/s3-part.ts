/**
 * A part on its way to S3: pieces of a multipart upload, sent while the next one fills. Nothing of it is seen before the upload is
 * completed (s3-output.ts); its own commit leaves the receipt that this takes. Memory is bounded: `atOnceMax` pieces, and the
 * one that fills. Pieces grow with the part, for there may be 10,000.
 */
import { FiresteelError } from "../base/errors.ts";
import type { SourceMetrics } from "./contracts.ts";
import type { PartFile } from "./output-committer.ts";
import { type S3Client, s3Path, type S3Place } from "./s3-client.ts";
import type { S3Receipt } from "./s3-output.ts";

const pieceBytesMin = 8 * 1024 * 1024;
const piecesOfOneLength = 1000;
const atOnceMax = 3;

export class S3Part implements PartFile {
  private piece = Buffer.alloc(0);
  private filled = 0;
  private readonly tags: string[] = [];
  private pieces = 0;
  private readonly sending = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly client: S3Client,
    private readonly place: S3Place,
    private readonly receipt: S3Place,
    private readonly uploadId: string,
    private readonly metrics: SourceMetrics,
  ) {}

  write(bytes: Uint8Array): void {
    this.metrics.add("bytesWritten", bytes.length);
    for (let from = 0; from < bytes.length;) {
      if (this.piece.length === 0) this.piece = Buffer.alloc(this.nextBytes);
      const taken = Math.min(bytes.length - from, this.piece.length - this.filled);
      this.piece.set(bytes.subarray(from, from + taken), this.filled);
      this.filled += taken;
      from += taken;
      if (this.filled === this.piece.length) this.send();
    }
  }

  drain(): Promise<void> | undefined {
    return this.failure === undefined && this.sending.size < atOnceMax ? undefined : this.settled(atOnceMax - 1);
  }

  async commit(): Promise<void> {
    // an upload has one piece at least
    if (this.filled > 0 || this.pieces === 0) this.send();
    await this.settled(0);
    const { uploadId, tags } = this;
    const body = Buffer.from(JSON.stringify({ uploadId, tags } satisfies S3Receipt));
    await this.client.call({ ...this.receipt, ...writing, method: "PUT", body });
  }

  async abort(): Promise<void> {
    this.failure ??= { error: new FiresteelError("cancelled", "the part is not wanted any more") };
    await Promise.allSettled(this.sending);
    const removing = { ...writing, method: "DELETE", expected: [200, 204] };
    // what cannot be removed now is removed by the job's end, or by the bucket's rules
    await this.client.call({ ...this.place, ...removing, query: { uploadId: this.uploadId } }).catch(() => {});
    await this.client.call({ ...this.receipt, ...removing }).catch(() => {});
  }

  private get nextBytes(): number {
    return pieceBytesMin * 2 ** Math.floor(this.pieces / piecesOfOneLength);
  }

  private send(): void {
    const body = this.piece.subarray(0, this.filled);
    const number = ++this.pieces;
    this.piece = Buffer.alloc(0);
    this.filled = 0;
    if (this.failure !== undefined) return;
    const sent = this.sendPiece(number, body).then(
      () => void this.sending.delete(sent),
      (error: unknown) => {
        this.sending.delete(sent);
        this.failure ??= { error };
      },
    );
    this.sending.add(sent);
  }

  private async sendPiece(number: number, body: Uint8Array): Promise<void> {
    const query = { partNumber: String(number), uploadId: this.uploadId };
    const answer = await this.client.call({ ...this.place, ...writing, method: "PUT", query, body });
    const tag = answer?.headers.get("etag");
    if (tag == null) {
      throw new FiresteelError("resource", `cannot write to ${s3Path(this.place)}: the upload is gone`, {
        hint: "leave the output alone until the job has ended",
      });
    }
    this.tags[number - 1] = tag;
  }

  /** Waits until so many pieces are under way at most. */
  private async settled(atMost: number): Promise<void> {
    while (this.failure === undefined && this.sending.size > atMost) await Promise.race(this.sending);
    if (this.failure !== undefined) throw this.failure.error;
  }
}

const writing = { doing: "write to", expected: [200] };
