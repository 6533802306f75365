/**
 * Which part of a sample of an exact size each partition gives. The partitions' counts are split in halves again and again, and each
 * half is given as many of the wanted rows as chance gives it: a partition looks at the halves that it is in only. Together the
 * parts are distributed like a sample of all rows at once, and have its size.
 */
import { Random } from "../base/random.ts";
import { binomial, hypergeometric } from "../base/variates.ts";

export interface SampleSize {
  /** Rows wanted of all; without replacement at most as many as there are. */
  readonly wanted: number;
  readonly withReplacement: boolean;
}

/** `counts` are the partitions' rows; `stratum` tells several samples of one seed apart. */
export function shareOf(
  counts: readonly number[],
  partition: number,
  { wanted, withReplacement }: SampleSize,
  seed: number,
  stratum: number,
): number {
  const before = [0];
  for (const count of counts) before.push(before[before.length - 1]! + count);
  let [from, end, rows] = [0, counts.length, wanted];
  // where the half is in the tree of halves: 1 is all
  for (let half = 1; end - from > 1 && rows > 0;) {
    const middle = (from + end) >>> 1;
    const [all, left] = [before[end]! - before[from]!, before[middle]! - before[from]!];
    const random = Random.stream(seed, sharesStream, stratum, half);
    const inLeft = withReplacement
      ? binomial(random, rows, all === 0 ? 0 : left / all)
      : hypergeometric(random, all, left, rows);
    if (partition < middle) [end, rows, half] = [middle, inLeft, 2 * half];
    else [from, rows, half] = [middle, rows - inLeft, 2 * half + 1];
  }
  return rows;
}

/** Not a partition's. */
const sharesStream = -1;
