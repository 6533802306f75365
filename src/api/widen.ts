/**
 * The row types that functions make. `Hint`, as a constraint, has TypeScript infer array literals as tuples and literals as their
 * primitives, four tuples deep; `Widen` does the same for what `as const` fixed. Together they make `w => [w, 1]` an
 * `Rdd<[string, number]>`, with `as const` and without.
 */
export type Hint = TupleOf<TupleOf<TupleOf<TupleOf<Anything>>>>;

type Anything = {} | null | undefined;
/** A tuple-like member in the constraint is what makes TypeScript infer tuples there. */
type TupleOf<T> = [] | [T, ...T[]] | Anything;

export type Widen<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends bigint
        ? bigint
        : T extends readonly [unknown, ...unknown[]]
          ? { -readonly [I in keyof T]: Widen<T[I]> }
          : T extends readonly []
            ? []
            : T;

/** What grows from a first value: `[x]` and `[]` begin arrays of any length, longer tuples keep theirs. */
export type Grown<T> = T extends readonly [] | readonly [unknown] ? Widen<T>[number][] : Widen<T>;

export type Pair<K, V> = readonly [K, V];

/** The value of a pair's type. Named from the row, where an inferred type parameter would not give a function's tuples their type. */
export type ValueOf<T> = T extends Pair<unknown, infer V> ? V : unknown;

/** What every action takes last. */
export interface ActionOptions {
  /** Cancels the job; the action then rejects with kind "cancelled". */
  readonly signal?: AbortSignal;
}

export interface Stats {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Of the whole population. */
  readonly variance: number;
  readonly stdev: number;
  /** Bessel-corrected. */
  readonly sampleVariance: number;
  readonly sampleStdev: number;
}
