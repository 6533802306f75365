/**
 * Reads another executor's cached partition, block by block, as its server sends it. What is read to the end of a block is whole;
 * a reader that is cut short throws with kind "lost".
 */
import { FiresteelError } from "../base/errors.ts";
import type { RddId } from "../base/ids.ts";
import type { Bulk, BulkStream, RpcAddress } from "../rpc/contracts.ts";
import { cachedBlockPath, cachedBlockPrefix, headWords } from "./cached-block-server.ts";

export interface RemoteBlocks {
  readonly rows: number;
  /** `blockFlag`s. */
  readonly flags: number;
  /** Of each block, in order. */
  readonly blockBytes: readonly number[];
  /** The next block, which `into` is as long as. */
  readInto(into: Uint8Array): Promise<void>;
  /** Whenever: its sender stops. */
  close(): void;
}

export interface CachedBlockClientOptions {
  readonly bulk: Pick<Bulk, "open">;
  readonly idleTimeoutMs?: number;
}

const blockBytesMax = 2 ** 32 - 1;
const blocksMax = 1 << 20;
const noBody = new Uint8Array();

/** From the first of `holders` that has it; undefined when none does, or can be reached. */
export async function openRemoteBlocks(
  { bulk, idleTimeoutMs = 5000 }: CachedBlockClientOptions,
  holders: readonly RpcAddress[],
  rdd: RddId,
  partition: number,
): Promise<RemoteBlocks | undefined> {
  const path = `${cachedBlockPrefix}${cachedBlockPath(rdd, partition)}`;
  for (const holder of holders) {
    try {
      return await readHead(await bulk.open(holder, path, noBody, { idleTimeoutMs }));
    } catch {
      // evicted meanwhile, or its executor is gone: another may have it
    }
  }
  return undefined;
}

async function readHead(stream: BulkStream): Promise<RemoteBlocks> {
  const feed = new Feed(stream);
  const [blocks, low, high, flags] = await feed.words(headWords);
  if (blocks! > blocksMax) throw new FiresteelError("lost", `a cached partition of ${blocks} blocks is none`);
  const blockBytes = [...(await feed.words(blocks!))];
  if (blockBytes.some(bytes => bytes > blockBytesMax || bytes % 16 !== 0)) {
    throw new FiresteelError("lost", "a cached partition came with sizes that no block has");
  }
  return {
    rows: low! + high! * 2 ** 32,
    flags: flags!,
    blockBytes,
    readInto: into => feed.readInto(into),
    close: () => stream.cancel(),
  };
}

/** Exact numbers of bytes out of chunks of any size. */
class Feed {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = noBody;

  constructor(stream: BulkStream) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async words(count: number): Promise<Uint32Array> {
    const words = new Uint32Array(count);
    await this.readInto(new Uint8Array(words.buffer));
    return words;
  }

  async readInto(into: Uint8Array): Promise<void> {
    for (let at = 0; at < into.length;) {
      if (this.rest.length === 0) {
        const { done, value } = await this.chunks.next();
        if (done === true) throw new FiresteelError("lost", "a cached partition of another executor was cut short");
        this.rest = value;
        continue;
      }
      const part = this.rest.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
      this.rest = this.rest.subarray(part.length);
    }
  }
}
