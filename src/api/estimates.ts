/**
 * What a count, a sum or a mean will be, going by the partitions that have been read: as by Spark's evaluators, the others are taken
 * to be like them, and what is not read yet to be distributed as if each row had been read with the same probability. Partitions
 * that differ much by what they hold make worse estimates than their bounds say.
 */
import { countQuantile, lowerBeta, normalQuantile, studentQuantile } from "../base/special-functions.ts";

/** A number that is between `low` and `high` with a probability of `confidence`. Final ones are exact. */
export interface Estimate {
  /** The best guess; of `sumApprox` a sum, of `countApprox` a count. */
  readonly mean: number;
  /** The least that is likely; where nothing was read in time, the least that there can be. */
  readonly low: number;
  /** The most that is likely; Infinity where nothing was read in time. */
  readonly high: number;
  /** 1 of final estimates, 0 where nothing was read in time. */
  readonly confidence: number;
  /** All partitions were read in time. */
  readonly isFinal: boolean;
}

/** How much has been read. */
export interface Progress {
  readonly partitions: number;
  readonly read: number;
}

export function exactly(value: number): Estimate {
  return { mean: value, low: value, high: value, confidence: 1, isFinal: true };
}

export function estimateCount(counted: number, { partitions, read }: Progress, confidence: number): Estimate {
  if (read === partitions) return exactly(counted);
  if (read === 0 || counted === 0) return { mean: 0, low: 0, high: Infinity, confidence: 0, isFinal: false };
  const part = read / partitions;
  const rest = (counted * (1 - part)) / part;
  const below = restMax(counted, part, rest);
  return {
    mean: counted + rest,
    low: counted + below((1 - confidence) / 2),
    high: counted + below((1 + confidence) / 2),
    confidence,
    isFinal: false,
  };
}

/** Above it a normal variable, with a correction for skew, is as good. */
const pascalMax = 10_000;

/**
 * The rows not read are so many at most, with a given probability: a negative binomial variable. Spark takes a Poisson variable for
 * large counts, which leaves out that the count itself came by chance, and gives bounds that hold less often than they say.
 */
function restMax(counted: number, part: number, mean: number): (probability: number) => number {
  if (counted <= pascalMax) return p => countQuantile(p, mean, rows => lowerBeta(part, counted, rows + 1));
  return p => {
    const z = normalQuantile(p);
    const deviation = Math.sqrt(mean / part);
    const skew = (2 - part) / Math.sqrt(counted * (1 - part));
    return Math.max(0, Math.round(mean + deviation * (z + (skew * (z * z - 1)) / 6)));
  };
}

/** Of the numbers seen; `m2` is the sum of squared differences from the mean. */
interface Moments {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly m2: number;
}

/**
 * The rows read, and the mean of those as often as rows are expected that are not. Spark leaves out of the variance that the sum of
 * rows not read is chance as well, and gives bounds that hold less often than they say.
 */
export function estimateSum(stats: Moments, { partitions, read }: Progress, confidence: number): Estimate {
  if (read === partitions) return exactly(stats.sum);
  const { count, sum, mean, m2 } = stats;
  if (count === 0) return { mean: 0, low: -Infinity, high: Infinity, confidence: 0, isFinal: false };
  const part = read / partitions;
  const rest = (count * (1 - part)) / part;
  const estimate = sum + mean * rest;
  if (count === 1) return { mean: estimate, low: -Infinity, high: Infinity, confidence, isFinal: false };
  const rowVariance = m2 / (count - 1);
  const restVariance = (count * (1 - part)) / part ** 2;
  // of the rows not read themselves, and of the mean that is taken for theirs
  const fromRows = rowVariance * rest + (rowVariance / count) * (rest ** 2 + restVariance);
  const variance = mean ** 2 * restVariance + fromRows;
  return around(estimate, Math.sqrt(variance), count, confidence);
}

export function estimateMean(
  { count, sum, mean, m2 }: Moments,
  { partitions, read }: Progress,
  confidence: number,
): Estimate {
  if (read === partitions) return exactly(sum / count);
  if (count === 0) return { mean: 0, low: -Infinity, high: Infinity, confidence: 0, isFinal: false };
  if (count === 1) return { mean, low: -Infinity, high: Infinity, confidence, isFinal: false };
  return around(mean, Math.sqrt(m2 / (count - 1) / count), count, confidence);
}

/** Student's bounds of a mean of so many rows, which are the normal ones of many. */
function around(mean: number, deviation: number, count: number, confidence: number): Estimate {
  // NaN or infinite rows say nothing of the others
  if (!(deviation < Infinity)) return { mean, low: -Infinity, high: Infinity, confidence, isFinal: false };
  const p = (1 + confidence) / 2;
  const reach = deviation * (count > 100 ? normalQuantile(p) : studentQuantile(p, count - 1));
  return { mean, low: mean - reach, high: mean + reach, confidence, isFinal: false };
}
