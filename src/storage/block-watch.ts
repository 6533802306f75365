/**
 * Tells an executor's main thread which cached partitions came and went since it last looked, whichever thread cached or evicted
 * them. A look costs one read while nothing has changed. What came and went between two looks is not told.
 */
import { headerWord } from "../kernel/control-area.ts";
import type { MemoryPool } from "../kernel/memory-pool.ts";
import type { BlockStore, CachedPartitionInfo } from "./block-store.ts";

export type BlocksChanged = (put: readonly CachedPartitionInfo[], gone: readonly CachedPartitionInfo[]) => void;

export class BlockWatch {
  private known = new Map<string, CachedPartitionInfo>();
  private seen = 0;

  constructor(
    private readonly pool: MemoryPool,
    private readonly store: BlockStore,
    private readonly changed: BlocksChanged,
  ) {}

  look(): void {
    const changes = Atomics.load(this.pool.area.words, headerWord.blockChanges);
    if (changes === this.seen) return;
    // read before the list: what changes meanwhile is seen at the next look
    this.seen = changes;
    const now = new Map(this.store.list().map(each => [`${each.rdd}.${each.partition}`, each]));
    const put = [...now].filter(([key]) => !this.known.has(key)).map(([, each]) => each);
    const gone = [...this.known].filter(([key]) => !now.has(key)).map(([, each]) => each);
    this.known = now;
    if (put.length + gone.length > 0) this.changed(put, gone);
  }
}
