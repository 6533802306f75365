/**
 * How often a sample takes each row of a partition, row by row. One random number decides on one row, or on how many are passed
 * over, so that the sample is a function of the seed, the partition's number and its rows in order, however they come.
 */
import { assertNever } from "../base/assert.ts";
import { FiresteelError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { binomial, poisson } from "../base/variates.ts";
import { identityOf } from "../data/identity.ts";
import { decodeValue } from "../data/value-codec.ts";
import type { SamplePlan } from "../plan/nodes.ts";
import { preview } from "./row-errors.ts";
import { shareOf } from "./sample-shares.ts";
import type { TaskEnv } from "./task-env.ts";

export interface Copies {
  /** Of the next row, with its key where `takesKeys`. */
  of(key: unknown): number;
  readonly takesKeys: boolean;
  /** Where few rows are taken, each once: how many of the next `most` rows come before one that is; all of them when none is. */
  readonly passes?: (most: number) => number;
  /** All rows have been seen. */
  finish(): void;
}

type Fractions = readonly (readonly [unknown, number])[];

export function copiesOf(plan: SamplePlan, partition: number, env: Pick<TaskEnv, "probeValue">): Copies {
  const { sample, seed, withReplacement } = plan;
  const random = Random.stream(seed, partition);
  switch (sample.kind) {
    case "rows": {
      const { from, to } = sample;
      if (!withReplacement && from === 0 && to < sparseMax) return { ...never, passes: gaps(random, to) };
      const none = Math.exp(-to);
      return {
        takesKeys: false,
        of: withReplacement ? () => poissonOf(random, to, none) : () => isWithin(random, from, to),
        finish() {},
      };
    }
    case "keys": {
      const strata = new Strata(sample.fractions, plan.operator);
      const none = strata.fractions.map(fraction => Math.exp(-fraction));
      return {
        takesKeys: true,
        of(key) {
          const stratum = strata.of(key);
          const fraction = strata.fractions[stratum]!;
          return withReplacement ? poissonOf(random, fraction, none[stratum]!) : isWithin(random, 0, fraction);
        },
        finish() {},
      };
    }
    case "exact": {
      const counts = env.probeValue(sample.counts.exchange) as readonly number[];
      const all = counts.reduce((sum, count) => sum + count, 0);
      const wanted = withReplacement ? (all === 0 ? 0 : sample.rows) : Math.min(all, sample.rows);
      const share = shareOf(counts, partition, { wanted, withReplacement }, seed, 0);
      const draws = new Draws(random, withReplacement, [counts[partition]!], [share], plan.operator, partition);
      return { takesKeys: false, of: () => draws.of(0), finish: () => draws.finish() };
    }
    case "exactKeys": {
      const strata = new Strata(sample.fractions, plan.operator);
      const counts = env.probeValue(sample.counts.exchange) as readonly (readonly number[])[];
      const shares = strata.fractions.map((fraction, stratum) => {
        const own = counts.map(each => each[stratum]!);
        const wanted = ceilOf(own.reduce((sum, count) => sum + count, 0) * fraction);
        return shareOf(own, partition, { wanted, withReplacement }, seed, stratum);
      });
      const draws = new Draws(random, withReplacement, counts[partition]!, shares, plan.operator, partition);
      return { takesKeys: true, of: key => draws.of(strata.of(key)), finish: () => draws.finish() };
    }
    default:
      return assertNever(sample);
  }
}

/** Rounded up, but not for what multiplication adds to a product that is whole: 10 × 0.3 wants 3 rows. */
function ceilOf(rows: number): number {
  const nearest = Math.round(rows);
  return Math.abs(rows - nearest) < 1e-9 * Math.max(1, nearest) ? nearest : Math.ceil(rows);
}

/** Numbers of keys with fractions. */
export class Strata {
  readonly fractions: readonly number[];
  private readonly numbers = new Map<unknown, number>();

  constructor(
    encoded: Uint8Array,
    private readonly operator: string,
  ) {
    const entries = decodeValue(encoded) as Fractions;
    this.fractions = entries.map(([, fraction]) => fraction);
    for (const [key] of entries) this.numbers.set(identityOf(key), this.numbers.size);
  }

  of(key: unknown): number {
    const number = this.numbers.get(identityOf(key));
    if (number !== undefined) return number;
    throw new FiresteelError("user", `${this.operator} has no fraction for the key ${preview(key)}`, {
      hint: "give every key a fraction: 0 leaves its rows out",
      isPermanent: true,
    });
  }
}

/** Below it, drawing how many rows to pass is less work than drawing a number a row. */
const sparseMax = 0.2;
const never = { takesKeys: false, of: () => 0, finish() {} } as const;

function gaps(random: Random, fraction: number): (most: number) => number {
  const scale = 1 / Math.log1p(-fraction);
  const draw = () => Math.floor(Math.log(random.float() || Number.MIN_VALUE) * scale);
  let left = fraction === 0 ? Infinity : draw();
  return most => {
    const passed = Math.min(left, most);
    left = passed === most ? left - most : draw();
    return passed;
  };
}

function isWithin(random: Random, from: number, to: number): number {
  const at = random.float();
  return from <= at && at < to ? 1 : 0;
}

/** One number of the stream for most rows; `none` is how likely no copy is. */
function poissonOf(random: Random, mean: number, none: number): number {
  if (mean > 8) return poisson(random, mean);
  let left = random.float() - none;
  let likely = none;
  let copies = 0;
  while (left >= 0 && likely > 0) {
    copies++;
    likely *= mean / copies;
    left -= likely;
  }
  return copies;
}

/** As many draws of each stratum's rows as are wanted, when how many rows there are is known. */
class Draws {
  private readonly rows: number[];
  private readonly wanted: number[];

  constructor(
    private readonly random: Random,
    private readonly withReplacement: boolean,
    private readonly counted: readonly number[],
    shares: readonly number[],
    private readonly operator: string,
    private readonly partition: number,
  ) {
    this.rows = [...counted];
    this.wanted = [...shares];
  }

  of(stratum: number): number {
    const { random } = this;
    const left = this.rows[stratum]!--;
    if (left <= 0) throw this.changed("more");
    const wanted = this.wanted[stratum]!;
    if (wanted === 0) return 0;
    const copies = this.withReplacement ? binomial(random, wanted, 1 / left) : random.float() * left < wanted ? 1 : 0;
    this.wanted[stratum] = wanted - copies;
    return copies;
  }

  finish(): void {
    if (this.rows.some(left => left > 0)) throw this.changed("fewer");
  }

  private changed(how: string): FiresteelError {
    const rows = this.counted.reduce((sum, count) => sum + count, 0);
    return new FiresteelError(
      "user",
      `${this.operator} counted ${rows} rows in partition ${this.partition}, and then read ${how}`,
      { hint: "what makes the rows gives others each time: cache() them first" },
    );
  }
}
