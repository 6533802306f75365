/** Which executors have a blob or are fetching it: those that have asked for it. The driver sends each to those before it. */
import type { ExecutorId } from "../base/ids.ts";

const blobsMax = 100_000;

export class BlobHolders {
  private readonly holders = new Map<string, Set<ExecutorId>>();

  /** The others that asked before; from now on the asker is one of them. */
  locate(hash: string, asker: ExecutorId): readonly ExecutorId[] {
    let holders = this.holders.get(hash);
    if (holders === undefined) this.holders.set(hash, (holders = new Set()));
    const others = [...holders].filter(each => each !== asker);
    holders.add(asker);
    if (this.holders.size > blobsMax) this.holders.delete(this.holders.keys().next().value!);
    return others;
  }

  lost(executor: ExecutorId): void {
    for (const holders of this.holders.values()) holders.delete(executor);
  }
}
