/**
 * Tells an executor's main thread which cached partitions came and went since it last looked, whichever thread cached or evicted
 * them. A look costs one read while nothing has changed, else a pass over the table. What came and went between two looks is not
 * told; what went and came again is told as both, or not at all. What changed between memory and disk is told as come again.
 */
import { headerWord } from "../kernel/control-area.ts";
import type { MemoryPool } from "../kernel/memory-pool.ts";
import type { BlockStore, CachedPartitionInfo } from "./block-store.ts";

export type BlocksChanged = (put: readonly CachedPartitionInfo[], gone: readonly CachedPartitionInfo[]) => void;

export class BlockWatch {
  /** By entry of the table. */
  private readonly known: (CachedPartitionInfo | undefined)[] = [];
  /** The look that saw an entry last. */
  private readonly seenAt: number[] = [];
  private looks = 0;
  private changes = 0;

  constructor(
    private readonly pool: MemoryPool,
    private readonly store: BlockStore,
    private readonly changed: BlocksChanged,
  ) {}

  look(): void {
    const changes = Atomics.load(this.pool.area.words, headerWord.blockChanges);
    if (changes === this.changes) return;
    // read before the table: what changes meanwhile is seen at the next look
    this.changes = changes;
    const put: CachedPartitionInfo[] = [];
    const gone: CachedPartitionInfo[] = [];
    const { known, seenAt, store } = this;
    const look = ++this.looks;
    store.scan((entry, rdd, partition) => {
      seenAt[entry] = look;
      const before = known[entry];
      const now = { ...store.infoOf(entry), rdd, partition };
      const isSame = before?.rdd === rdd && before.partition === partition;
      if (isSame && before.pages === now.pages && before.diskBytes === now.diskBytes) return;
      if (before !== undefined && !isSame) gone.push(before);
      known[entry] = now;
      put.push(now);
    });
    for (let entry = 0; entry < known.length; entry++) {
      if (known[entry] === undefined || seenAt[entry] === look) continue;
      gone.push(known[entry]!);
      known[entry] = undefined;
    }
    if (put.length + gone.length > 0) this.changed(put, gone);
  }
}
