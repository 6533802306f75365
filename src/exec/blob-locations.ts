/**
 * The driver's knowledge of who has a chunk of a broadcast, or is about to: whoever asked for it. Those who ask are sent to few
 * others each, so that chunks spread like a tree, and never to one who asked later than they first did: so nobody waits for one
 * who waits for him. Deterministic; does no I/O.
 */
import type { ExecutorId } from "../base/ids.ts";

/** How many are sent to one that asked earlier before another one's turn comes. */
const askersEach = 2;
const sourcesMax = 2;
/** Of the oldest nothing is known any more: they come from the driver. */
const blobsMax = 100_000;

interface Source {
  readonly executor: ExecutorId;
  given: number;
}

export class BlobLocations {
  /** In the order of asking. */
  private readonly sources = new Map<string, Source[]>();

  /** Whom to fetch from, best first; none: from the driver. */
  locate(hash: string, asker: ExecutorId): ExecutorId[] {
    let sources = this.sources.get(hash);
    if (sources === undefined) this.sources.set(hash, (sources = []));
    if (this.sources.size > blobsMax) this.sources.delete(this.sources.keys().next().value!);
    let own = sources.findIndex(source => source.executor === asker);
    if (own < 0) own = sources.push({ executor: asker, given: 0 }) - 1;
    const rank = ({ given }: Source) => Math.floor(given / askersEach);
    const chosen = sources
      .slice(0, own)
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, sourcesMax);
    if (chosen[0] !== undefined) chosen[0].given++;
    return chosen.map(({ executor }) => executor);
  }

  executorLost(executor: ExecutorId): void {
    for (const [hash, sources] of this.sources) {
      this.sources.set(
        hash,
        sources.filter(source => source.executor !== executor),
      );
    }
  }

  /** Nobody is to have it any more. */
  forget(hash: string): void {
    this.sources.delete(hash);
  }

  get size(): number {
    return this.sources.size;
  }
}
