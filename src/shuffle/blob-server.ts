/**
 * Serves this process's blobs to others, by hash. One that this process is itself fetching is served as soon as it is here, so
 * that the first who fetches passes it on and the driver sends it once.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Bulk } from "../rpc/contracts.ts";
import { blobPartBytes, type BlobStore, isBlobHash } from "../storage/blob-store.ts";

export const blobPrefix = "blobs/";

/** `pending` says what is under way to this process. */
export function serveBlobs(
  bulk: Pick<Bulk, "serve">,
  store: BlobStore,
  pending: (hash: string) => Promise<Uint8Array> | undefined = () => undefined,
): void {
  bulk.serve(blobPrefix, async hash => {
    if (!isBlobHash(hash)) throw new FiresteelError("data", "a blob is asked for by its sha256 in hexadecimal digits");
    const here = store.parts(hash);
    if (here !== undefined) return here;
    const coming = await pending(hash);
    if (coming === undefined) throw new FiresteelError("lost", `bytes ${hash.slice(0, 12)}… are not here (any more)`);
    return store.parts(hash) ?? partsOf(coming);
  });
}

/** Copies, since what has arrived is its receiver's. */
function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += blobPartBytes) yield bytes.slice(at, at + blobPartBytes);
}
