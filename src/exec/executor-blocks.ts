/**
 * An executor's cached partitions, as its main thread deals with them: serves them to others, makes the copies that the driver asks
 * for, and tells the driver what came and went.
 */
import type { RddId } from "../base/ids.ts";
import type { SharedPool } from "../kernel/task-memory.ts";
import type { Bulk, RpcAddress } from "../rpc/contracts.ts";
import { CachedBlockCopies } from "../shuffle/cached-block-copies.ts";
import { serveCachedBlocks } from "../shuffle/cached-block-server.ts";
import type { BlockStore, CachedPartitionInfo } from "../storage/block-store.ts";
import { BlockWatch } from "../storage/block-watch.ts";
import type { CachedBlock } from "./executor-messages.ts";

export interface ExecutorBlocksOptions {
  readonly bulk: Bulk;
  readonly pool: SharedPool;
  readonly store: BlockStore;
  /** To the driver. */
  readonly changed: (put: readonly CachedBlock[], gone: readonly CachedBlock[]) => void;
  readonly copyFailed: (rdd: RddId, partition: number) => void;
}

/** Blocks in a message. */
const toldMax = 5000;

export class ExecutorBlocks {
  private readonly watch: BlockWatch;
  private readonly copies: CachedBlockCopies;

  constructor(private readonly options: ExecutorBlocksOptions) {
    const { bulk, pool, store, changed } = options;
    serveCachedBlocks(bulk, pool, store);
    this.copies = new CachedBlockCopies(pool, store, { bulk });
    this.watch = new BlockWatch(pool, store, (put, gone) => {
      // what is gone first: it makes room elsewhere
      for (let at = 0; at < gone.length; at += toldMax) changed([], gone.slice(at, at + toldMax).map(toBlock));
      for (let at = 0; at < put.length; at += toldMax) changed(put.slice(at, at + toldMax).map(toBlock), []);
    });
  }

  /** Before the driver hears of a task's success, so that it knows what the task cached; and with every heartbeat. */
  look(): void {
    this.watch.look();
  }

  /** Ends in `changed` or `copyFailed`. */
  async copy(rdd: RddId, partition: number, from: RpcAddress): Promise<void> {
    const isHeld = await this.copies.copy({ rdd, partition, from });
    this.watch.look();
    // evicted again at once, or never made
    if (!isHeld) this.options.copyFailed(rdd, partition);
  }

  /** Before the blocks themselves are removed. */
  release(rdd: RddId): void {
    this.copies.release(rdd);
  }
}

function toBlock({ rdd, partition, bytes, diskBytes }: CachedPartitionInfo): CachedBlock {
  return { rdd, partition, bytes, diskBytes };
}
