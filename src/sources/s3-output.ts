/**
 * Outputs in S3, where nothing can be renamed. A task sends its part as a multipart upload to the very key where it is to be, as its
 * rows come, and leaves that upload open: an open upload is no object, so nothing of it is seen. What completes it, its id and the
 * tags of its pieces, is left as a small object below `_temporary`. The job's commit completes the uploads of those attempts
 * that count, ends all others below the folder, removes what is below `_temporary`, and writes `_SUCCESS` last: each part appears
 * at once and whole, and a folder that has `_SUCCESS` is whole.
 *
 * What a driver that dies leaves behind are open uploads, which cost room until the bucket's lifecycle rule ends them (MinIO does
 * so after a day). The folder is claimed by a marker that only one of several jobs can write, where the server knows conditional writes.
 */
import { FiresteelError } from "../base/errors.ts";
import type { SourceMetrics } from "./contracts.ts";
import { type HttpAnswer, HttpFailure } from "./http-client.ts";
import {
  type CommittedPart,
  type OutputCommitter,
  type OutputDirectory,
  outputExists,
  type PartFile,
} from "./output-committer.ts";
import { type S3Call, type S3Client, type S3Place, s3Path, s3Place } from "./s3-client.ts";
import { s3Pages } from "./s3-pages.ts";
import { S3Part } from "./s3-part.ts";
import { severalAtOnce } from "./several-at-once.ts";
import { escapeXml, parseError, parseListing, parseUploads, type S3Listing, type S3Uploads, textOf } from "./s3-xml.ts";

const atOnceMax = 8;

/** What completes an upload. */
export interface S3Receipt {
  readonly uploadId: string;
  readonly tags: readonly string[];
}

export class S3Output implements OutputCommitter {
  constructor(private readonly client: S3Client) {}

  async createOutput(path: string): Promise<OutputDirectory> {
    const { bucket, key } = folderOf(path);
    const query = { "list-type": "2", "encoding-type": "url", prefix: key, "max-keys": "1" };
    const listed = await this.need({ bucket, key: "", method: "GET", query, doing: "list", expected: [200] });
    if (parseListing(textIn(listed)).objects.length > 0) throw outputExists(path);
    const marker = {
      bucket,
      key: `${key}${temporary}claim`,
      method: "PUT",
      doing: "write to",
      body: new Uint8Array(0),
    };
    const headers = { "if-none-match": "*" };
    const claimed = await this.need({ ...marker, headers, expected: [200, 409, 412, 501] });
    if (claimed.status === 409 || claimed.status === 412) throw outputExists(path);
    // a server without conditional writes
    if (claimed.status === 501) await this.need({ ...marker, expected: [200] });
    return { path: s3Path({ bucket, key }).replace(/\/$/, "") };
  }

  async openPart({ path }: OutputDirectory, file: string, attempt: number, metrics: SourceMetrics): Promise<PartFile> {
    const { bucket, key } = folderOf(path);
    const place = { bucket, key: `${key}${file}` };
    const begun = await this.need({ ...place, ...writing, method: "POST", query: { uploads: "" } });
    const uploadId = textOf(textIn(begun), "UploadId") ?? "";
    return new S3Part(this.client, place, { bucket, key: receiptKey(key, file, attempt) }, uploadId, metrics);
  }

  async commitOutput({ path }: OutputDirectory, parts: readonly CommittedPart[]): Promise<void> {
    const { bucket, key } = folderOf(path);
    await severalAtOnce(parts, atOnceMax, async ({ file, attempt }) => {
      const from = { bucket, key: receiptKey(key, file, attempt) };
      const receipt = await this.need({ ...from, method: "GET", doing: "read", expected: [200] });
      await this.complete({ bucket, key: `${key}${file}` }, JSON.parse(textIn(receipt)) as S3Receipt);
    });
    await this.endOpen(path, new Set(parts.map(({ file, attempt }) => receiptKey(key, file, attempt))));
    await this.removeBelow({ bucket, key: `${key}${temporary}` });
    await this.need({ bucket, key: `${key}_SUCCESS`, ...writing, method: "PUT", body: new Uint8Array(0) });
  }

  async abortOutput({ path }: OutputDirectory): Promise<void> {
    try {
      await this.endOpen(path, new Set());
      // a commit that failed half-way has left parts
      await this.removeBelow(folderOf(path));
    } catch {
      // who may write may not be allowed to list or to delete: what is there stays, without _SUCCESS
    }
  }

  private async complete(place: S3Place, { uploadId, tags }: S3Receipt): Promise<void> {
    const pieces = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(tag)}</ETag></Part>`);
    const body = Buffer.from(`<CompleteMultipartUpload>${pieces.join("")}</CompleteMultipartUpload>`);
    const call = { ...place, ...writing, method: "POST", query: { uploadId }, body };
    // the server answers 200 before it knows whether it will succeed
    const done = await this.client.call(call, answer => {
      const error = parseError(textIn(answer));
      if (error !== undefined) throw new HttpFailure(`the server answered ${error.code}`, 500, "", undefined, true);
    });
    // an answer that was lost on the way was one all the same
    if (done === undefined) await this.need({ ...place, ...writing, method: "HEAD" });
  }

  /**
   * Ends the uploads below the folder that are open; `completed` are receipts of those that are not. Attempts that died left no
   * receipt and are found by listing uploads, which not every key may, nor every server does by folder (MinIO ends them itself after
   * a day).
   */
  private async endOpen(folder: string, completed: ReadonlySet<string>): Promise<void> {
    const { bucket, key } = folderOf(folder);
    for await (const receipts of this.pagesBelow({ bucket, key: receiptsKey(key) })) {
      const others = receipts.filter(receipt => !completed.has(receipt.key));
      await severalAtOnce(others, atOnceMax, async receipt => {
        const read = { bucket, key: receipt.key, method: "GET", doing: "read", expected: [200] };
        const answer = await this.client.call(read);
        if (answer === undefined) return;
        const { uploadId } = JSON.parse(textIn(answer)) as S3Receipt;
        await this.end({ bucket, key: `${key}${fileOfReceipt(receipt.key)}` }, uploadId);
      });
    }
    for await (const open of this.pagesOfUploads(folder))
      await severalAtOnce(open, atOnceMax, upload => this.end({ bucket, key: upload.key }, upload.uploadId));
  }

  /** One that is not open any more, or was never, is none to end. */
  private async end(place: S3Place, uploadId: string): Promise<void> {
    const query = { uploadId };
    await this.client.call({ ...place, ...writing, method: "DELETE", query, expected: [200, 204] });
  }

  private async *pagesOfUploads(folder: string): AsyncGenerator<S3Uploads["open"]> {
    const { bucket, key } = folderOf(folder);
    const pages = s3Pages({ bucket, key }, async (next: S3Uploads["next"]) => {
      const after = next && { "key-marker": next.key, "upload-id-marker": next.uploadId };
      const query = { uploads: "", "encoding-type": "url", prefix: key, ...after };
      const call = { bucket, key: "", method: "GET", query, doing: "list", expected: [200] };
      // a right of its own, which few need: what stays open can never appear, since nobody is left to complete it
      const listed = await this.client.call(call).catch(() => undefined);
      return listed && parseUploads(textIn(listed));
    });
    for await (const { open } of pages) yield open;
  }

  private async removeBelow({ bucket, key }: S3Place): Promise<void> {
    for await (const objects of this.pagesBelow({ bucket, key })) {
      await severalAtOnce(objects, atOnceMax, async object => {
        await this.client.call({ bucket, key: object.key, ...writing, method: "DELETE", expected: [200, 204] });
      });
    }
  }

  private async *pagesBelow({ bucket, key }: S3Place): AsyncGenerator<S3Listing["objects"]> {
    const pages = s3Pages({ bucket, key }, async (token: string | undefined) => {
      const after = token !== undefined && { "continuation-token": token };
      const query = { "list-type": "2", "encoding-type": "url", prefix: key, ...after };
      const listed = await this.need({ bucket, key: "", method: "GET", query, doing: "list", expected: [200] });
      return parseListing(textIn(listed));
    });
    for await (const { objects } of pages) yield objects;
  }

  private async need(call: S3Call, check?: (answer: HttpAnswer) => void): Promise<HttpAnswer> {
    const answer = await this.client.call(call, check);
    if (answer !== undefined) return answer;
    throw new FiresteelError("resource", `cannot ${call.doing} ${s3Path(call)}: it is gone`, {
      hint: "leave the output alone until the job has ended",
    });
  }
}

const writing = { doing: "write to", expected: [200] };
/** Nothing is at this key itself: where folders are real ones, as MinIO's are, what is below an object is not listed. */
const temporary = "_temporary/";

function receiptsKey(folder: string): string {
  return `${folder}${temporary}done-`;
}

function receiptKey(folder: string, file: string, attempt: number): string {
  return `${receiptsKey(folder)}${attempt}/${file}`;
}

function fileOfReceipt(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

function folderOf(folder: string): S3Place {
  const { bucket, key } = s3Place(folder);
  const trimmed = key.replace(/\/+$/, "");
  if (trimmed === "") {
    throw new FiresteelError("user", `${folder} names no folder in its bucket to write to`, {
      hint: "write it as s3://bucket/folder",
    });
  }
  return { bucket, key: `${trimmed}/` };
}

function textIn(answer: HttpAnswer): string {
  return Buffer.from(answer.bytes).toString();
}
