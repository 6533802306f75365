/**
 * Makes this executor another holder of partitions that others have cached: the second copy of MEMORY_ONLY_2, or of
 * DISK_ONLY_2. On its main thread, one partition at a time. A copy takes room as any cached partition does, and is not made where
 * there is none.
 */
import type { RddId } from "../base/ids.ts";
import type { SharedPool } from "../kernel/task-memory.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import type { BlockStore } from "../storage/block-store.ts";
import { type CachedBlockClientOptions, openRemoteBlocks, type RemoteBlocks } from "./cached-block-client.ts";
import { nextServiceAttempt } from "./cached-block-server.ts";

export interface BlockCopy {
  readonly rdd: RddId;
  readonly partition: number;
  readonly from: RpcAddress;
}

export class CachedBlockCopies {
  private last: Promise<unknown> = Promise.resolve();
  private readonly wanted = new Set<BlockCopy>();
  private readonly u8: Uint8Array;

  constructor(
    private readonly pool: SharedPool,
    private readonly store: BlockStore,
    private readonly client: CachedBlockClientOptions,
  ) {
    this.u8 = new Uint8Array(pool.area.memory.buffer);
  }

  /** Whether this executor holds the partition afterwards. Never rejects. */
  copy(copy: BlockCopy): Promise<boolean> {
    this.wanted.add(copy);
    const made = this.last
      .then(() => this.make(copy))
      .catch(() => false)
      .finally(() => this.wanted.delete(copy));
    this.last = made;
    return made;
  }

  /** Copies of an Rdd that is released are not made any more. Before its blocks are removed from the store. */
  release(rdd: RddId): void {
    for (const copy of [...this.wanted]) if (copy.rdd === rdd) this.wanted.delete(copy);
  }

  private async make(copy: BlockCopy): Promise<boolean> {
    if (!this.wanted.has(copy)) return false;
    const { rdd, partition, from } = copy;
    const owner = this.pool.openTask(nextServiceAttempt(), { fair: false });
    try {
      const held = this.store.get(rdd, partition, owner);
      held?.release();
      if (held !== undefined) return true;
      const remote = await openRemoteBlocks(this.client, [from], rdd, partition);
      if (remote === undefined) return false;
      try {
        return this.wanted.has(copy) && (await this.write(remote, rdd, partition, owner));
      } finally {
        remote.close();
      }
    } finally {
      owner.releaseAll();
    }
  }

  private async write(
    remote: RemoteBlocks,
    rdd: RddId,
    partition: number,
    owner: ReturnType<SharedPool["openTask"]>,
  ): Promise<boolean> {
    const writer = this.store.openWriter(rdd, partition, owner, remote.flags);
    if (writer === undefined) return false;
    try {
      for (const bytes of remote.blockBytes) {
        const block = new Uint8Array(bytes);
        await remote.readInto(block);
        if (!writer.append(bytes, ptr => this.u8.set(block, ptr))) return false;
      }
      const cached = writer.commit(remote.rows);
      cached?.release();
      return cached !== undefined;
    } finally {
      // nothing, once committed
      writer.abort();
    }
  }
}
