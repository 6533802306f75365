/**
 * Fetches blobs by hash from whoever has them. What arrives is proved by its hash; a source that fails, stalls or sends something
 * else is passed over for the next, and all are tried again after a while; one that stalled comes last for some time. A blob is
 * fetched once at a time, and not at all when this process has it.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { FiresteelError } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";
import type { Bulk, RpcAddress } from "../rpc/contracts.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import { blobPrefix } from "./blob-server.ts";

export interface BlobClientOptions {
  readonly bulk: Pick<Bulk, "open">;
  readonly store: BlobStore;
  readonly clock: Clock;
  /** How often all sources are tried. */
  readonly roundsMax?: number;
  readonly roundWaitMs?: number;
  /** Longest silence of a source: one that waits for the blob itself says nothing meanwhile. */
  readonly idleTimeoutMs?: number;
}

export interface FetchOptions {
  /** What it must be long, or may be at most. */
  readonly bytes?: number;
  /** Where it goes; as long as the blob. */
  readonly into?: Uint8Array;
  readonly signal?: AbortSignal;
}

/** Best first, and never this process itself, which would wait for itself; asked once a fetch. */
export type Sources = readonly RpcAddress[] | (() => Promise<readonly RpcAddress[]>);

const blobBytesMax = 2 ** 31;
/** How long a source that stalled is asked only when no other gives. */
const distrustMs = 30_000;
const noBody = new Uint8Array();

export class BlobClient {
  private readonly underWay = new Map<string, Promise<Uint8Array>>();
  /** Sources that stalled, until when they come last. */
  private readonly stalled = new Map<string, number>();

  constructor(private readonly options: BlobClientOptions) {}

  /** Rejects with kind "lost" when no source gives it. It is not kept here. */
  fetch(hash: string, sources: Sources, options: FetchOptions = {}): Promise<Uint8Array> {
    const here = this.options.store.read(hash);
    if (here !== undefined) return Promise.resolve(placed(here, options.into));
    const known = this.underWay.get(hash);
    if (known !== undefined) return known.then(bytes => placed(bytes, options.into));
    const fetched = this.fetchAnew(hash, sources, options).finally(() => this.underWay.delete(hash));
    this.underWay.set(hash, fetched);
    return fetched;
  }

  /** The same, and kept in the store for this and other processes until it is released there. */
  async acquire(hash: string, sources: Sources, options: FetchOptions = {}): Promise<Uint8Array> {
    const { store } = this.options;
    if (store.hold(hash)) return store.read(hash)!;
    const bytes = await this.fetch(hash, sources, options);
    store.put(bytes, hash);
    return bytes;
  }

  /** What is being fetched, for a server whom others ask for it. */
  pending(hash: string): Promise<Uint8Array> | undefined {
    return this.underWay.get(hash);
  }

  private async fetchAnew(hash: string, sources: Sources, options: FetchOptions): Promise<Uint8Array> {
    const { clock, roundsMax = 3, roundWaitMs = 200 } = this.options;
    const addresses = typeof sources === "function" ? await sources() : sources;
    const failures: string[] = [];
    for (let round = 0; round < roundsMax; round++) {
      if (round > 0) await new Promise<void>(resolve => clock.after(roundWaitMs * 2 ** (round - 1), resolve));
      for (const address of this.byTrust(addresses)) {
        const startedMs = clock.nowMs();
        try {
          return await this.readFrom(address, hash, options);
        } catch (thrown) {
          if (options.signal?.aborted === true) throw thrown;
          this.judge(address, clock.nowMs() - startedMs);
          failures.push(`${keyOf(address)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
        }
      }
    }
    const reason = failures.length === 0 ? "nobody has them" : [...new Set(failures)].slice(0, 3).join("; ");
    throw new FiresteelError("lost", `bytes ${hash.slice(0, 12)}… could not be fetched: ${reason}`);
  }

  private byTrust(addresses: readonly RpcAddress[]): readonly RpcAddress[] {
    if (this.stalled.size === 0) return addresses;
    const nowMs = this.options.clock.nowMs();
    for (const [key, untilMs] of this.stalled) if (untilMs <= nowMs) this.stalled.delete(key);
    const rank = (address: RpcAddress) => (this.stalled.has(keyOf(address)) ? 1 : 0);
    return [...addresses].sort((a, b) => rank(a) - rank(b));
  }

  private judge(address: RpcAddress, tookMs: number): void {
    if (tookMs < this.idleTimeoutMs * 0.9) return;
    this.stalled.set(keyOf(address), this.options.clock.nowMs() + distrustMs);
  }

  private get idleTimeoutMs(): number {
    return this.options.idleTimeoutMs ?? 5000;
  }

  private async readFrom(address: RpcAddress, hash: string, options: FetchOptions): Promise<Uint8Array> {
    const { into, bytes: expected, signal } = options;
    const bytesMax = into?.length ?? expected ?? blobBytesMax;
    const { bulk } = this.options;
    const { idleTimeoutMs } = this;
    const stream = await bulk.open(address, `${blobPrefix}${hash}`, noBody, {
      idleTimeoutMs,
      ...(signal !== undefined && { signal }),
    });
    const sha = createHash("sha256");
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of stream) {
      if (length + part.length > bytesMax) {
        stream.cancel();
        throw new FiresteelError("lost", `it sends more than ${formatBytes(bytesMax)}`);
      }
      sha.update(part);
      if (into === undefined) parts.push(part);
      else into.set(part, length);
      length += part.length;
    }
    if (sha.digest("hex") !== hash) throw new FiresteelError("lost", "what it sent has another hash");
    return into === undefined ? joined(parts, length) : into.subarray(0, length);
  }
}

function keyOf({ host, port }: RpcAddress): string {
  return `${host}:${port}`;
}

function placed(bytes: Uint8Array, into: Uint8Array | undefined): Uint8Array {
  if (into === undefined) return bytes;
  if (bytes.length > into.length) throw new FiresteelError("internal", `${bytes.length} bytes for ${into.length}`);
  into.set(bytes);
  return into.subarray(0, bytes.length);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
