/** Folds in JavaScript. Each loop is made anew for every function, so that the runtime's compiler inlines that function into it. */

type UserFunction = (...args: unknown[]) => unknown;

/** Numbers into numbers, while the results are; else the row at which one was not, folded, and the groups there are then. */
export type NumberLoop = (
  accumulators: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  groups: number,
) => { readonly row: number; readonly count: number; readonly result: unknown } | undefined;

/** Anything, from a row on. Returns the groups there are afterwards. */
export type BoxedLoop = (
  accumulators: unknown[],
  ids: Uint32Array,
  values: readonly unknown[],
  from: number,
  groups: number,
  first: UserFunction | undefined,
) => number;

export function makeNumberLoop(merge: UserFunction): NumberLoop {
  return new Function(
    "merge",
    `return (accumulators, ids, values, count) => {
      for (let i = 0; i < ids.length; i++) {
        const group = ids[i];
        if (group >= count) { accumulators[group] = values[i]; count = group + 1; continue; }
        const result = merge(accumulators[group], values[i]);
        if (typeof result !== "number") return { row: i, count, result };
        accumulators[group] = result;
      }
      return undefined;
    };`,
  )(merge) as NumberLoop;
}

export function makeBoxedLoop(merge: UserFunction): BoxedLoop {
  return new Function(
    "merge",
    `return (accumulators, ids, values, from, count, first) => {
      for (let i = from; i < ids.length; i++) {
        const group = ids[i];
        if (group >= count) { accumulators[group] = first === undefined ? values[i] : first(values[i]); count = group + 1; }
        else accumulators[group] = merge(accumulators[group], values[i]);
      }
      return count;
    };`,
  )(merge) as BoxedLoop;
}
