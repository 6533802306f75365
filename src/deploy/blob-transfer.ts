/**
 * Blobs between processes of a cluster, over its own connections: workers fetch what a driver needs, and clients of a master
 * without REST send it, part by part in order. What arrives is verified by its hash at both ends.
 */
import { createHash } from "node:crypto";
import { FiresteelError } from "../base/errors.ts";
import { formatHostPort } from "../base/master-url.ts";
import type { Bulk, RpcAddress } from "../rpc/contracts.ts";
import type { UploadStore, UploadWriter } from "./upload-store.ts";
import { isBlobHash } from "../storage/blob-store.ts";
import type { Clock } from "../base/clock.ts";

const readPrefix = "blobs/";
const partPrefix = "blob-parts/";
/** Of one request; below what a transport takes as a request's body. */
const partBytes = 256 * 1024;
const uploadsMax = 16;
const uploadIdleMs = 60_000;

interface Upload {
  readonly writer: UploadWriter;
  readonly total: number;
  heardMs: number;
  busy: boolean;
}

export function serveBlobs(bulk: Bulk, store: UploadStore, clock: Clock): void {
  bulk.serve(readPrefix, async hash => {
    const blob = await store.read(hash);
    if (blob === undefined) throw new FiresteelError("data", `the master has no blob ${hash.slice(0, 80)}`);
    return blob.chunks;
  });
  const uploads = new Map<string, Upload>();
  bulk.serve(partPrefix, async (path, body) => [await takePart(store, uploads, clock.nowMs(), path, body)]);
}

const known = new TextEncoder().encode("known");
const more = new TextEncoder().encode("more");

async function takePart(
  store: UploadStore,
  uploads: Map<string, Upload>,
  nowMs: number,
  path: string,
  body: Uint8Array,
): Promise<Uint8Array> {
  const match = /^([0-9a-f]{64})\/(\d{1,15})\/(\d{1,15})$/.exec(path);
  if (match === null) throw new FiresteelError("data", "a part of a blob needs hash, offset and length");
  const [hash, offset, total] = [match[1]!, Number(match[2]), Number(match[3])];
  if ((await store.find(hash)) !== undefined) return known;
  const upload = offset === 0 ? await beginUpload(store, uploads, nowMs, hash, total) : uploads.get(hash);
  if (upload === undefined || upload.busy || upload.writer.bytes !== offset || upload.total !== total)
    throw new FiresteelError("data", `the part at ${offset} of blob ${hash} is not the next one`);
  upload.busy = true;
  try {
    await upload.writer.write(body);
    if (upload.writer.bytes > total) throw new FiresteelError("data", `blob ${hash} is longer than it was said to be`);
    if (upload.writer.bytes < total) return more;
    await upload.writer.finish();
    uploads.delete(hash);
    return known;
  } catch (error) {
    uploads.delete(hash);
    await upload.writer.abort();
    throw error;
  } finally {
    upload.busy = false;
    upload.heardMs = nowMs;
  }
}

async function beginUpload(
  store: UploadStore,
  uploads: Map<string, Upload>,
  nowMs: number,
  hash: string,
  total: number,
) {
  if (total > store.blobBytesMax)
    throw new FiresteelError("resource", `a blob of ${total} bytes is more than the ${store.blobBytesMax} allowed`);
  for (const [other, upload] of uploads) {
    if (upload.busy || (other !== hash && nowMs - upload.heardMs < uploadIdleMs)) continue;
    uploads.delete(other);
    await upload.writer.abort();
  }
  if (uploads.has(hash) || uploads.size >= uploadsMax)
    throw new FiresteelError("resource", "the master is taking too many blobs at once", { hint: "try again" });
  const upload: Upload = { writer: await store.begin(hash), total, heardMs: nowMs, busy: false };
  uploads.set(hash, upload);
  return upload;
}

/** Tries the masters in turn. Rejects with kind "data" when none has it, or with bytes of another hash. */
export async function fetchBlob(
  bulk: Bulk,
  masters: readonly RpcAddress[],
  hash: string,
  bytesMax: number,
): Promise<Uint8Array> {
  let last: unknown = new FiresteelError("data", `no master is known that has blob ${hash}`);
  for (const master of masters) {
    try {
      return await fetchFrom(bulk, master, hash, bytesMax);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function fetchFrom(bulk: Bulk, master: RpcAddress, hash: string, bytesMax: number): Promise<Uint8Array> {
  if (!isBlobHash(hash)) throw new FiresteelError("data", `"${hash.slice(0, 80)}" is no sha256`);
  const stream = await bulk.open(master, readPrefix + hash, new Uint8Array());
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      stream.cancel();
      throw new FiresteelError("resource", `blob ${hash} is larger than ${bytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks, bytes);
  const found = createHash("sha256").update(whole).digest("hex");
  if (found === hash) return whole;
  throw new FiresteelError("data", `blob ${hash} came from ${formatHostPort(master)} with another sha256: ${found}`);
}

/** Sends bytes that the master does not have yet. */
export async function sendBlob(bulk: Bulk, master: RpcAddress, hash: string, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  do {
    const part = bytes.subarray(offset, offset + partBytes);
    const answer = await bulk.open(master, `${partPrefix}${hash}/${offset}/${bytes.length}`, part);
    let text = "";
    for await (const chunk of answer) text += Buffer.from(chunk).toString("latin1");
    if (text === "known") return;
    offset += part.length;
  } while (offset < bytes.length);
}
