/** Waiting times between tries: twice as long after each, up to a limit, and a random part less, so that many do not come at once. */
import type { Random } from "../base/random.ts";

export interface RetryDelays {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Before the try that follows `failures` failed ones: half to the whole of `firstMs` × 2^(failures − 1). */
export function retryDelayMs(delays: RetryDelays, failures: number, random: Random): number {
  const wholeMs = Math.min(delays.mostMs, delays.firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(wholeMs * (0.5 + random.float() / 2));
}
