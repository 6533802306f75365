/**
 * Bytes too large for messages, by sha256: a process keeps them for others to fetch, as often as they were put, and who fetches them
 * proves them.
 */
import { createHash } from "node:crypto";
import { FiresteelError } from "../base/errors.ts";
import type { Bulk, RpcAddress } from "../rpc/contracts.ts";

export const bytesPrefix = "bytes/";
const partBytes = 1 << 20;

export class KeptBytes {
  private readonly kept = new Map<string, { readonly bytes: Uint8Array; holders: number }>();

  constructor(bulk: Bulk) {
    bulk.serve(bytesPrefix, hash => this.partsOf(hash));
  }

  put(bytes: Uint8Array): string {
    const hash = hashOfBytes(bytes);
    const known = this.kept.get(hash);
    if (known === undefined) this.kept.set(hash, { bytes, holders: 1 });
    else known.holders++;
    return hash;
  }

  release(hash: string): void {
    const known = this.kept.get(hash);
    if (known !== undefined && --known.holders === 0) this.kept.delete(hash);
  }

  private *partsOf(hash: string): Iterable<Uint8Array> {
    const bytes = this.kept.get(hash)?.bytes;
    if (bytes === undefined) throw new FiresteelError("lost", `bytes ${hash} are not here (any more)`);
    for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
  }
}

/** Rejects with kind "lost" when they are gone or damaged. */
export async function fetchBytes(
  bulk: Pick<Bulk, "open">,
  address: RpcAddress,
  hash: string,
  bytesMax = Infinity,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of await bulk.open(address, `${bytesPrefix}${hash}`, new Uint8Array())) {
    length += part.length;
    if (length > bytesMax) throw new FiresteelError("resource", `bytes ${hash} are more than ${bytesMax}`);
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  if (hashOfBytes(bytes) !== hash) throw new FiresteelError("lost", `bytes ${hash} arrived damaged`);
  return bytes;
}

export function hashOfBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
