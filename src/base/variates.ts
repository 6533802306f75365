/**
 * Random counts: Poisson, binomial and hypergeometric. One uniform number is turned into a count by walking outward from the most
 * likely one, which takes as many steps as the counts scatter. Functions of the generator and the arguments alone.
 */
import type { Random } from "./random.ts";
import { logChoose, logGamma } from "./special-functions.ts";

/** A distribution of counts around its mode: `up(k)` is how much likelier k + 1 is than k. */
interface Counts {
  readonly least: number;
  readonly most: number;
  readonly mode: number;
  readonly atMode: number;
  up(count: number): number;
}

/** Below it nothing is likely any more. */
const unlikely = 1e-18;

function draw(random: Random, { least, most, mode, atMode, up }: Counts): number {
  let left = random.float() - atMode;
  if (left < 0) return mode;
  let [below, above] = [mode, mode];
  let [likelyBelow, likelyAbove] = [atMode, atMode];
  while (likelyBelow > unlikely || likelyAbove > unlikely) {
    likelyAbove *= above < most ? up(above) : 0;
    if (likelyAbove > 0 && (left -= likelyAbove) < 0) return above + 1;
    if (above < most) above++;
    likelyBelow *= below > least ? 1 / up(below - 1) : 0;
    if (likelyBelow > 0 && (left -= likelyBelow) < 0) return below - 1;
    if (below > least) below--;
  }
  // what rounding left over
  return mode;
}

/** How often something happens that happens `mean` times on average. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  const mode = Math.floor(mean);
  return draw(random, {
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    mode,
    atMode: Math.exp(mode * Math.log(mean) - mean - logGamma(mode + 1)),
    up: count => mean / (count + 1),
  });
}

/** How many of `tries` succeed, each with probability `p`. */
export function binomial(random: Random, tries: number, p: number): number {
  if (tries === 0 || p <= 0) return 0;
  if (p >= 1) return tries;
  const mode = Math.min(tries, Math.floor((tries + 1) * p));
  const odds = p / (1 - p);
  return draw(random, {
    least: 0,
    most: tries,
    mode,
    atMode: Math.exp(logChoose(tries, mode) + mode * Math.log(p) + (tries - mode) * Math.log1p(-p)),
    up: count => ((tries - count) / (count + 1)) * odds,
  });
}

/** How many of `draws` without replacement from `all` are among the `good` ones. */
export function hypergeometric(random: Random, all: number, good: number, draws: number): number {
  const least = Math.max(0, draws + good - all);
  const most = Math.min(draws, good);
  if (least === most) return least;
  const mode = Math.min(most, Math.max(least, Math.floor(((draws + 1) * (good + 1)) / (all + 2))));
  return draw(random, {
    least,
    most,
    mode,
    atMode: Math.exp(logChoose(good, mode) + logChoose(all - good, draws - mode) - logChoose(all, draws)),
    up: count => ((good - count) / (count + 1)) * ((draws - count) / (all - good - draws + count + 1)),
  });
}
