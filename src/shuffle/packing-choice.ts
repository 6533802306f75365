/**
 * Whether blocks for one other host are packed. Packing takes a core's time to save the network's, so it is a bad bargain where the
 * network is faster than the codec, or where the rows hardly shrink. Both ways are timed as they are used, in windows of some
 * megabytes; the faster one goes on, and the other is tried again now and then, or when things change.
 *
 * A matter of time alone: what is read is the same. Time in which nothing is asked for does not count.
 */

/** Plain bytes after which the choice is made anew. */
const windowBytes = 4 << 20;
/** Windows in a row of a way that is tried: one may have been disturbed. */
const triedWindows = 2;
/** Windows after which the other way is tried again: it costs a few in a hundred. */
const tryAgainWindows = 96;
/** … and when the way that is taken has become slower so much: it is another network, or other rows. */
const slowdownMax = 1.5;
/** What packing must gain: it takes time of a core that tasks may want. */
const gainMin = 1.1;

export class PackingChoice {
  /** What the next blocks are to be. */
  packs = false;
  private active = 0;
  private sinceMs = 0;
  private elapsedMs = 0;
  private plainBytes = 0;
  /** Milliseconds of the last windows, the last one last, of each way. */
  private readonly times = { plain: [] as number[], packed: [] as number[] };
  /** Windows of the way that is taken, since it was. */
  private windows = 0;

  /** `now` gives milliseconds. */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** A reply begins: until it is closed somebody waits for bytes. */
  opened(): void {
    if (this.active++ === 0) this.sinceMs = this.now();
  }

  closed(): void {
    if (--this.active === 0) this.elapsedMs += this.now() - this.sinceMs;
  }

  /** So many more were given. */
  gave(plainBytes: number): void {
    this.plainBytes += plainBytes;
    if (this.plainBytes < windowBytes) return;
    const nowMs = this.now();
    const elapsedMs = this.elapsedMs + nowMs - this.sinceMs;
    this.choose((elapsedMs * windowBytes) / this.plainBytes);
    this.elapsedMs = 0;
    this.sinceMs = nowMs;
    this.plainBytes = 0;
  }

  private choose(windowMs: number): void {
    const { plain, packed } = this.times;
    const own = this.packs ? packed : plain;
    const other = this.packs ? plain : packed;
    const before = best(own);
    own.push(windowMs);
    if (own.length > triedWindows) own.shift();
    if (++this.windows < triedWindows) return;
    const isOver = this.windows >= tryAgainWindows || best(own) > before * slowdownMax;
    const packs = other.length === 0 || isOver ? !this.packs : best(packed) * gainMin < best(plain);
    if (packs === this.packs) return;
    this.packs = packs;
    this.windows = 0;
    if (isOver) other.length = 0;
  }
}

function best(times: readonly number[]): number {
  return Math.min(...times);
}

const hostsMax = 1_000;

/** Of the hosts that ask: networks differ. Those asking longest ago are forgotten first. */
export class PackingChoices {
  private readonly byHost = new Map<string, PackingChoice>();

  of(hostId: string): PackingChoice {
    const choice = this.byHost.get(hostId) ?? new PackingChoice();
    this.byHost.delete(hostId);
    this.byHost.set(hostId, choice);
    if (this.byHost.size > hostsMax) this.byHost.delete(this.byHost.keys().next().value!);
    return choice;
  }
}
