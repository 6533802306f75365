/**
 * Locks between threads whose holder may die. A lock is one word of the control area: the holder's owner id, a bit for "somebody
 * waits" and a bit for "the last holder died". Spin first, then wait. `reclaim` frees what a dead owner held and leaves a mark:
 * the next holder is told that the lock was abandoned and looks at what it protects before trusting it.
 */
import { invariant } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import { type ControlArea, lockCount } from "./control-area.ts";
import type { OwnerId } from "./owners.ts";

const ownerMask = 0xfff;
const waitedBit = 0x1000;
const abandonedBit = 0x2000;
const spins = 200;
/** Far longer than any lock is held by a living thread. */
export const lockWaitMaxMs = 10_000;

/** The holder neither released the lock nor, if it died, has been taken back in time. */
export class LockBusy extends FiresteelError {
  constructor(lock: number, waitMaxMs: number) {
    super("internal", `lock ${lock} was not free for ${waitMaxMs} ms`);
  }
}

export class OwnerLocks {
  private readonly words: Int32Array;

  constructor(private readonly area: ControlArea) {
    this.words = area.words;
  }

  /** "abandoned" when the last holder died with it. Waits at most `waitMaxMs`, then throws `LockBusy`. */
  acquire(lock: number, owner: OwnerId, waitMaxMs = lockWaitMaxMs): "acquired" | "abandoned" {
    const at = this.at(lock);
    const { words } = this;
    for (let spin = 0; spin < spins; spin++) {
      const seen = Atomics.load(words, at);
      if ((seen & ownerMask) !== 0) continue;
      if (Atomics.compareExchange(words, at, seen, owner | (seen & waitedBit)) === seen) return outcome(seen);
    }
    const deadline = performance.now() + waitMaxMs;
    for (;;) {
      const seen = Atomics.load(words, at);
      if ((seen & ownerMask) === 0) {
        // Others may wait as well: keep the bit, at the cost of one needless notify.
        if (Atomics.compareExchange(words, at, seen, owner | waitedBit) === seen) return outcome(seen);
        continue;
      }
      invariant((seen & ownerMask) !== owner, `lock ${lock} is taken twice by owner ${owner}`);
      const marked = seen | waitedBit;
      if (seen !== marked && Atomics.compareExchange(words, at, seen, marked) !== seen) continue;
      const left = deadline - performance.now();
      if (left <= 0) throw new LockBusy(lock, waitMaxMs);
      Atomics.wait(words, at, marked, left);
    }
  }

  release(lock: number, owner: OwnerId): void {
    const seen = Atomics.exchange(this.words, this.at(lock), 0);
    invariant((seen & ownerMask) === owner, `lock ${lock} is not held by owner ${owner}`);
    if ((seen & waitedBit) !== 0) Atomics.notify(this.words, this.at(lock), 1);
  }

  holder(lock: number): number {
    return Atomics.load(this.words, this.at(lock)) & ownerMask;
  }

  /** Frees every lock of an owner that will not come back; gives how many it held. */
  reclaim(owner: OwnerId): number {
    let freed = 0;
    for (let lock = 0; lock < lockCount; lock++) {
      const at = this.at(lock);
      for (let seen = Atomics.load(this.words, at); (seen & ownerMask) === owner;) {
        const now = Atomics.compareExchange(this.words, at, seen, (seen & waitedBit) | abandonedBit);
        if (now === seen) {
          freed++;
          Atomics.notify(this.words, at);
          break;
        }
        seen = now;
      }
    }
    return freed;
  }

  private at(lock: number): number {
    return this.area.locksAt + lock;
  }
}

function outcome(seen: number): "acquired" | "abandoned" {
  return (seen & abandonedBit) === 0 ? "acquired" : "abandoned";
}
