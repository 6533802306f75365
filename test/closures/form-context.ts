/** What a form gets instead of a Context: a way to run a function where tasks run. */
export interface FormContext {
  /** Captures the function, clones what came out, and calls it in another thread. */
  ship(fn: (...args: never[]) => unknown, ...args: unknown[]): Promise<unknown>;
  /** Ships a function and calls what it returns, or iterates it, in the other thread. */
  shipIterable(fn: (...args: never[]) => Iterable<unknown>, ...args: unknown[]): Promise<unknown[]>;
  /** Advice given so far. */
  readonly warnings: readonly string[];
}

/** What a form found, and what it should have found. */
export type Found = readonly (readonly [actual: unknown, expected: unknown])[];
