/**
 * Nonces of HTTP Digest: each carries when it was made and this server's mark, so that only those that were used well take room.
 * Of these the counts are kept, which refuses a request that comes a second time. The table is bounded: when it is full the
 * oldest nonce goes, and with it all that are as old, so that forgetting never lets a replay in.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../base/clock.ts";

interface Use {
  readonly madeMs: number;
  /** The highest count that came … */
  highest: number;
  /** … and which of the 64 below it, bit 0 being the highest itself: requests in flight together may arrive in any order. */
  seen: bigint;
}

export type NonceVerdict = "good" | "stale" | "replayed";

const windowCounts = 64;

export class Nonces {
  private readonly key = randomBytes(32);
  /** In the order in which they were first used. */
  private readonly uses = new Map<string, Use>();
  /** Those made no later than this are stale. */
  private forgottenMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly lifeMs: number,
    private readonly entriesMax: number,
  ) {}

  issue(): string {
    const made = Buffer.alloc(24);
    made.writeBigUInt64BE(BigInt(this.clock.nowMs()));
    randomBytes(16).copy(made, 8);
    return Buffer.concat([made, this.mark(made)]).toString("base64url");
  }

  /** Counts a request whose digest was right. */
  use(nonce: string, count: number): NonceVerdict {
    const madeMs = this.madeMs(nonce);
    if (madeMs === undefined || madeMs <= this.forgottenMs || this.clock.nowMs() - madeMs > this.lifeMs) return "stale";
    const use = this.uses.get(nonce);
    if (use === undefined) {
      if (!this.makeRoom(madeMs)) return "stale";
      this.uses.set(nonce, { madeMs, highest: count, seen: 1n });
      return "good";
    }
    const ahead = count - use.highest;
    if (ahead > 0) {
      use.seen = ahead >= windowCounts ? 1n : BigInt.asUintN(windowCounts, use.seen << BigInt(ahead)) | 1n;
      use.highest = count;
      return "good";
    }
    const bit = -ahead >= windowCounts ? undefined : 1n << BigInt(-ahead);
    if (bit === undefined || (use.seen & bit) !== 0n) return "replayed";
    use.seen |= bit;
    return "good";
  }

  private makeRoom(forMadeMs: number): boolean {
    if (this.uses.size < this.entriesMax) return true;
    const nowMs = this.clock.nowMs();
    let oldestMs = Infinity;
    for (const [nonce, use] of this.uses) {
      if (nowMs - use.madeMs > this.lifeMs) this.uses.delete(nonce);
      else oldestMs = Math.min(oldestMs, use.madeMs);
    }
    if (this.uses.size < this.entriesMax) return true;
    this.forgottenMs = oldestMs;
    for (const [nonce, use] of this.uses) if (use.madeMs <= oldestMs) this.uses.delete(nonce);
    return forMadeMs > this.forgottenMs;
  }

  private madeMs(nonce: string): number | undefined {
    const bytes = Buffer.from(nonce, "base64url");
    if (bytes.length !== 56 || bytes.toString("base64url") !== nonce) return undefined;
    const made = bytes.subarray(0, 24);
    return timingSafeEqual(this.mark(made), bytes.subarray(24)) ? Number(made.readBigUInt64BE()) : undefined;
  }

  private mark(made: Uint8Array): Buffer {
    return createHmac("sha256", this.key).update(made).digest();
  }
}
