/**
 * Keeps garbage small in threads that hold kernel memory. The runtime counts the whole shared memory as part of each thread's
 * heap, so by itself it lets gigabytes of garbage pile up before it collects. Here a thread asks for a young collection every few
 * milliseconds of work, which costs less than the cache misses that spread-out garbage causes, and now and then for a full
 * one. Measured on 20 M short-lived rows: 2.0 s and 2.7 GB without, 1.0 s and 0.14 GB with. Elsewhere than in Bun it does nothing.
 */
const youngEveryMs = 20;
/** … and when values have been made of as many bytes of columns, which gives a few times that: what one part of a chunk left. */
const youngBytes = 256 * 1024;
/** What young collections left behind is collected when it has grown by this, and every second; not more than this part of the time. */
const grownBytes = 3 * 2 ** 20;
const grownShare = 1 / 5;
const fullEveryMs = 1000;
const fullShare = 1 / 30;

/** Each gives the heap's bytes after it. */
export interface Collections {
  young(): number;
  /** Gives memory that became free back to the system too. */
  full(): number;
}

const runtimes: Collections | undefined = await loadCollections();

async function loadCollections(): Promise<Collections | undefined> {
  if ((globalThis as { Bun?: unknown }).Bun === undefined) return undefined;
  const { edenGC, heapSize } = await import("bun:jsc");
  return {
    young: edenGC,
    full() {
      Bun.gc(true);
      return heapSize();
    },
  };
}

export class GarbagePacer {
  private nextYoungMs = 0;
  /** Not before, however much is made. */
  private restUntilMs = 0;
  private madeBytes = 0;
  private fullEndMs = 0;
  private fullTookMs = 0;
  private fullBytes = Number.POSITIVE_INFINITY;

  constructor(
    private readonly collections: Collections | undefined = runtimes,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Called between batches; `nowMs` of `performance.now()`. */
  pace(nowMs: number, madeBytes = 0): void {
    const { collections } = this;
    this.madeBytes += madeBytes;
    const isDue = nowMs >= this.nextYoungMs || (this.madeBytes >= youngBytes && nowMs >= this.restUntilMs);
    if (collections === undefined || !isDue) return;
    this.madeBytes = 0;
    if (this.fullEndMs === 0) this.fullEndMs = nowMs;
    const bytes = collections.young();
    const endMs = this.nowMs();
    this.fullBytes = Math.min(this.fullBytes, bytes);
    // at most half of the time, where a collection takes long
    this.restUntilMs = endMs + (endMs - nowMs);
    this.nextYoungMs = Math.max(endMs + youngEveryMs, this.restUntilMs);
    const sinceFullMs = endMs - this.fullEndMs;
    const isGrown = bytes > this.fullBytes + grownBytes && sinceFullMs > this.fullTookMs / grownShare;
    if (isGrown || (sinceFullMs > fullEveryMs && sinceFullMs > this.fullTookMs / fullShare)) this.collectAll(endMs);
  }

  private collectAll(startMs: number): void {
    this.fullBytes = this.collections!.full();
    this.fullEndMs = this.nowMs();
    this.fullTookMs = this.fullEndMs - startMs;
    this.nextYoungMs = this.fullEndMs + youngEveryMs;
  }
}
