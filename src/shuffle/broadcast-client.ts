/**
 * Fetches broadcast values into an executor process, as Spark's torrent broadcast: chunk by chunk in random order, from executors
 * that have or are fetching the chunk, and from the driver when nobody else is. A value is assembled once, in memory that all
 * threads of the process share, and its chunks are served from there.
 */
import { FiresteelError } from "../base/errors.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { BlobClient } from "./blob-client.ts";
import { type BroadcastChunks, chunkBytes, releaseChunks } from "./broadcast-chunks.ts";

export interface BroadcastClientOptions {
  readonly client: BlobClient;
  readonly store: BlobStore;
  readonly driver: RpcAddress;
  /** Asks the driver who else has a chunk; from then on this process is among those that others are sent to. */
  readonly locate: (hash: string) => Promise<readonly RpcAddress[]>;
  /** From 0 to 1, for the order of chunks. */
  readonly random: () => number;
  /** Chunks on their way at a time. */
  readonly parallel?: number;
}

interface Place {
  readonly hash: string;
  readonly from: number;
  readonly to: number;
}

export class BroadcastClient {
  constructor(private readonly options: BroadcastClientOptions) {}

  /** The value's bytes, over shared memory. Its chunks are served until `release`. Rejects with kind "lost". */
  async fetch(broadcast: BroadcastChunks): Promise<Uint8Array> {
    const { store } = this.options;
    const places = placesOf(broadcast);
    const value = new Uint8Array(new SharedArrayBuffer(broadcast.bytes));
    const shared: string[] = [];
    const waiting = this.shuffled(places);
    let failed = false;
    const work = async () => {
      for (let next = waiting.pop(); next !== undefined && !failed; next = waiting.pop()) {
        await this.fetchChunk(next, value);
        store.share(value.subarray(next.from, next.to), next.hash);
        shared.push(next.hash);
      }
    };
    const workers = Array.from({ length: this.options.parallel ?? 4 }, () =>
      work().catch((thrown: unknown) => {
        failed = true;
        throw thrown;
      }),
    );
    const outcomes = await Promise.allSettled(workers);
    const failure = outcomes.find(outcome => outcome.status === "rejected");
    if (failure === undefined) return value;
    for (const hash of shared) store.release(hash);
    throw failure.reason;
  }

  /** It is served no more; who has the value keeps it. */
  release(broadcast: Pick<BroadcastChunks, "chunks">): void {
    releaseChunks(broadcast, this.options.store);
  }

  private async fetchChunk({ hash, from, to }: Place, value: Uint8Array): Promise<void> {
    const { client, driver, locate } = this.options;
    // asked for when others can already wait for it here
    const sources = async () => [...(await locate(hash).catch(() => [])), driver];
    const chunk = await client.fetch(hash, sources, { into: value.subarray(from, to) });
    if (chunk.length !== to - from) throw misdescribed(`chunk ${hash.slice(0, 12)}… has ${chunk.length} bytes`);
  }

  /** Executors that begin with different chunks have something to give to each other. */
  private shuffled(places: readonly Place[]): Place[] {
    const order = [...places];
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(this.options.random() * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

function placesOf({ bytes, chunks }: BroadcastChunks): Place[] {
  if (chunks.length !== Math.ceil(bytes / chunkBytes)) throw misdescribed(`${chunks.length} chunks of ${bytes} bytes`);
  return chunks.map((hash, i) => ({ hash, from: i * chunkBytes, to: Math.min(bytes, (i + 1) * chunkBytes) }));
}

function misdescribed(what: string): FiresteelError {
  return new FiresteelError("internal", `a broadcast is not what was said of it: ${what}`);
}
