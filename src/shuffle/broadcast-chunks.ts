/** A broadcast value's bytes as chunks, by hash: what the driver says of it, and serves to the first who asks. */
import type { BlobStore } from "../storage/blob-store.ts";

export interface BroadcastChunks {
  readonly bytes: number;
  /** Of `chunkBytes` each, the last one shorter. */
  readonly chunks: readonly string[];
}

export const chunkBytes = 4 << 20;

/** Offers the chunks, which stay where they are in memory. Release them with `releaseChunks`. */
export function shareChunks(bytes: Uint8Array, store: BlobStore): BroadcastChunks {
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(store.share(bytes.subarray(at, at + chunkBytes)));
  return { bytes: bytes.length, chunks };
}

export function releaseChunks({ chunks }: Pick<BroadcastChunks, "chunks">, store: BlobStore): void {
  for (const hash of chunks) store.release(hash);
}
