/** What the declarations infer: that this file compiles, under several of a user's compiler options, is the test. */
import type { Accumulator, Context, Rdd } from "firesteel";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Refuses a value whose type is not exactly what the type argument says. */
function is<Expected>() {
  return <Actual>(_value: Actual, ..._same: Same<Actual, Expected> extends true ? [] : [never]): void => {};
}

export async function inferences(ctx: Context): Promise<void> {
  const numbers = ctx.range(10);
  is<Rdd<number>>()(numbers);

  // rows from the driver
  is<Rdd<string>>()(ctx.parallelize(["a", "b"]));
  is<Rdd<[string, number]>>()(
    ctx.parallelize([
      ["a", 1],
      ["b", 2],
    ]),
  );
  is<Rdd<[string, [number, boolean]]>>()(ctx.parallelize([["a", [1, true]]]));
  is<Rdd<{ x: number }>>()(ctx.parallelize([{ x: 1 }], 4));
  is<Rdd<[string, number]>>()(ctx.parallelize(new Map([["a", 1]])));

  // rows from functions
  is<Rdd<[string, number]>>()(numbers.map(n => [String(n), n]));
  is<Rdd<[string, number]>>()(numbers.map(n => [String(n), n] as const));
  is<Rdd<[string, [number, number]]>>()(numbers.map(n => ["a", [n, 1]]));
  is<Rdd<[number, string]>>()(
    numbers.flatMap(n => [
      [n, "a"],
      [n, "b"],
    ]),
  );
  is<Rdd<number[]>>()(numbers.glom());
  is<Rdd<string>>()(numbers.map(n => (n > 5 ? "high" : "low")));
  is<Rdd<boolean>>()(numbers.map(n => n > 5));
  const maybe = ctx.parallelize(["a", null]);
  is<Rdd<string>>()(maybe.filter(s => s !== null));

  // pairs
  const pairs = numbers.map(n => [n % 2 === 0 ? "even" : "odd", n]);
  is<Rdd<[string, number]>>()(pairs.reduceByKey((a, b) => a + b));
  is<Rdd<[string, number[]]>>()(pairs.groupByKey());
  is<Rdd<[string, [number, number]]>>()(pairs.mapValues(n => [n, 1]).reduceByKey((a, b) => [a[0] + b[0], a[1] + b[1]]));
  is<Rdd<[string, number]>>()(pairs.foldByKey(0, (a, b) => a + b));
  is<Rdd<[string, number]>>()(
    pairs.aggregateByKey(
      0,
      (sum, n) => sum + n,
      (a, b) => a + b,
    ),
  );
  is<Rdd<[string, [number, number]]>>()(
    pairs.aggregateByKey(
      [0, 0],
      ([sum, count], n) => [sum + n, count + 1],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    ),
  );
  is<Rdd<[string, [number, number]]>>()(
    pairs.combineByKey(
      n => [n, 1],
      ([sum, count], n) => [sum + n, count + 1],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    ),
  );
  is<Rdd<[string, number[]]>>()(
    pairs.combineByKey(
      n => [n],
      (list, n) => [...list, n],
      (a, b) => [...a, ...b],
    ),
  );
  const names = ctx.parallelize([["even", "gerade"]]);
  is<Rdd<[string, [number, string]]>>()(pairs.join(names));
  is<Rdd<[string, [number, string | undefined]]>>()(pairs.leftOuterJoin(names));
  is<Rdd<[string, [number[], string[]]]>>()(pairs.cogroup(names));
  is<Rdd<[string, number]>>()(pairs.sortByKey());
  is<Rdd<[[string, number], number]>>()(pairs.zipWithIndex());
  is<Rdd<[string, [string, number]]>>()(pairs.keyBy(([name]) => name));

  // actions
  is<[string, number][]>()(await pairs.collect());
  is<Map<string, number>>()(await pairs.collectAsMap());
  is<number[]>()(await pairs.lookup("even"));
  is<number>()(await numbers.sum());
  is<[number, number]>()(
    await numbers.aggregate(
      [0, 0],
      ([sum, count], n) => [sum + n, count + 1],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    ),
  );
  for await (const row of pairs) is<[string, number]>()(row);

  // shared variables
  is<Map<string, number>>()(ctx.broadcast(new Map([["a", 1]])).value);
  is<Accumulator<[number, number]>>()(ctx.accumulator([0, 0], (a, b) => [a[0] + b[0], a[1] + b[1]]));
  is<number>()(ctx.longAccumulator("rows").value);
}

export async function refusals(ctx: Context): Promise<void> {
  const numbers = ctx.range(10);
  const pairs = numbers.map(n => [String(n), n]);
  // @ts-expect-error numbers are no pairs
  numbers.reduceByKey((a, b) => a);
  // @ts-expect-error nor do they have keys
  numbers.groupByKey();
  // @ts-expect-error nor can they be joined
  numbers.join(pairs);
  // @ts-expect-error pairs have no sum
  await pairs.sum();
  // @ts-expect-error a reducer gives what it got
  pairs.reduceByKey((a, b) => String(a + b));
  // @ts-expect-error keys of a join are alike
  pairs.join(ctx.parallelize([[1, "a"]]));
}

/** Libraries on top are generic. */
export function largest<K, V>(rdd: Rdd<[K, V]>, larger: (a: V, b: V) => V): Rdd<[K, V]> {
  return rdd.reduceByKey((a, b) => larger(a, b));
}

export function everything<T>(ctx: Context, rows: T[]): Promise<T[]> {
  return ctx.parallelize(rows).aggregate(
    [] as T[],
    (all, row) => [...all, row],
    (a, b) => [...a, ...b],
  );
}
