/** What users read when something is wrong: kind, words, fix, and the line of theirs that it is about. */
import type { Rdd } from "firesteel";
import type { SuiteTools } from "../suite.ts";

const boom = (x: number): number => {
  if (x === 3) throw new TypeError(`boom ${x}`); // thrown here
  return x;
};

export default function errors(tools: SuiteTools): void {
  const { ctx, test, expect, failure, file, lineOf } = tools;
  const five = ctx.range(0, 5, 1, 2);
  const notPairs = five as unknown as Rdd<[number, number]>;

  interface Wanted {
    /** A part of the message. */
    readonly says: string;
    readonly hint?: string;
    /** The mark of the line. */
    readonly line?: string;
    readonly kind?: string;
  }
  const refuses = (name: string, run: () => unknown, wanted: Wanted) =>
    test(name, async () => {
      const error = await failure(run);
      expect(error.message).toContain(wanted.says);
      expect(error.kind).toBe((wanted.kind ?? "user") as typeof error.kind);
      if (wanted.hint !== undefined) expect(error.hint).toBe(wanted.hint);
      expect([error.at?.file, error.at?.line]).toEqual([file, lineOf(wanted.line ?? name)]);
    });
  const throws = (name: string, run: () => unknown, operator = name) => {
    refuses(name, run, { says: `the function given to ${operator} at ${file}:${lineOf(name)}:`, line: "thrown here" });
  };

  throws("map", () => five.map(x => boom(x)).collect()); // map
  throws("a helper given directly", () => five.map(boom).count(), "map"); // a helper given directly
  throws("filter", () => five.filter(x => boom(x) > 0).count()); // filter
  throws("keyBy", () =>
    five
      .keyBy(x => boom(x))
      .groupByKey()
      .count(),
  ); // keyBy
  throws("groupBy", () => five.groupBy(x => boom(x)).count()); // groupBy
  throws("sortBy", () => five.sortBy(x => boom(x)).count()); // sortBy
  throws("mapAsync", () => five.mapAsync(async x => boom(x)).count()); // mapAsync
  throws("mapPartitions", () => five.mapPartitions(rows => rows.map(boom)).count()); // mapPartitions
  throws(
    "reduceByKey in map tasks",
    () =>
      five
        .keyBy(() => 1)
        .reduceByKey((_, x) => boom(x))
        .count(),
    "reduceByKey",
  ); // reduceByKey in map tasks
  throws(
    "reduceByKey after them",
    () =>
      five
        .keyBy(() => 1)
        .reduceByKey(a => (a > 0 ? boom(3) : 1))
        .count(),
    "reduceByKey",
  ); // reduceByKey after them
  throws("partitionBy", () =>
    five
      .keyBy(x => x)
      .partitionBy({ numPartitions: 2, partition: k => boom(k) % 2 })
      .count(),
  ); // partitionBy
  throws("foreach", () => five.foreach(x => void boom(x))); // foreach
  throws("foreachPartition", () => five.foreachPartition(rows => rows.forEach(boom))); // foreachPartition
  throws("runJob", () => ctx.runJob(five, rows => [...rows].map(boom))); // runJob
  throws("takeOrdered", () => five.takeOrdered(2, () => boom(3))); // takeOrdered
  throws("reduce in tasks", () => five.reduce((_, x) => boom(x)), "reduce"); // reduce in tasks
  throws("reduce on the driver", () => five.reduce((a, b) => (a === 1 ? boom(3) : a + b)), "reduce"); // reduce on the driver
  throws(
    "aggregate on the driver",
    () =>
      five.aggregate(
        0,
        (a, b) => a + b,
        () => boom(3),
      ),
    "aggregate",
  ); // aggregate on the driver
  throws("below an index", () => five.map(boom).zipWithIndex().count(), "map"); // below an index

  test("a failed job says which task, of which stage, and keeps the user's frames", async () => {
    const error = await failure(() => five.map(boom).collect()); // the action
    expect(error.message).toMatch(
      new RegExp(`^task 1 of stage \\d+ \\(collect at ${file}:${lineOf("the action")}:\\d+\\) failed: `),
    );
    expect(error.message).toEndWith("threw TypeError: boom 3");
    expect(String(error.cause)).toContain("boom 3");
    const frames = String((error.cause as Error).stack)
      .split("\n")
      .filter(line => /^\s*at /.test(line));
    expect(frames[0]).toContain(`${file}:${lineOf("thrown here")}:`);
    expect(frames.some(frame => frame.includes("src/operators") || frame.includes("firesteel-pipeline"))).toBe(false);
  });

  test("what is not an Error is shown", async () => {
    const thrown = five.map(() => {
      throw { code: 5 };
    });
    expect((await failure(() => thrown.collect())).message).toContain('threw {"code":5}, which is not an Error');
    const either = five
      .map(x => x)
      .filter(() => {
        throw "text";
      });
    expect((await failure(() => either.collect())).message).toMatch(
      /one of the functions given to map at .*, filter at .* threw "text", which is not an Error/,
    );
  });

  const pairHint = "make each row a tuple [key, value], with keyBy or map";
  refuses("not pairs: mapValues", () => notPairs.mapValues(v => v).collect(), {
    says: "mapValues needs pairs, but a row is ",
    hint: pairHint,
  }); // not pairs: mapValues
  refuses("not pairs: keys", () => notPairs.keys().collect(), {
    says: "keys needs pairs, but a row is ",
    hint: pairHint,
  }); // not pairs: keys
  refuses("not pairs: reduceByKey", () => notPairs.reduceByKey(a => a).collect(), {
    says: "reduceByKey needs pairs, but a row is ",
  }); // not pairs: reduceByKey
  refuses("not pairs: sortByKey", () => notPairs.sortByKey().collect(), {
    says: "sortByKey needs pairs, but a row is ",
  }); // not pairs: sortByKey
  refuses(
    "not pairs: join",
    () =>
      five
        .keyBy(x => x)
        .join(notPairs)
        .collect(),
    { says: "join needs pairs, but a row is " },
  ); // not pairs: join
  refuses("not pairs: countByKey", () => notPairs.countByKey(), { says: "countByKey needs pairs, but a row is " }); // not pairs: countByKey
  refuses("not pairs: collectAsMap", () => notPairs.collectAsMap(), {
    says: "collectAsMap needs pairs, but a row is 0",
  }); // not pairs: collectAsMap
  refuses("not pairs: lookup", () => notPairs.lookup(1), { says: "lookup needs pairs, but a row is " }); // not pairs: lookup
  refuses("not pairs: three", () => (five.map(x => [x, x, x]) as unknown as typeof notPairs).groupByKey().count(), {
    says: "groupByKey needs pairs, but a row is [",
  }); // not pairs: three

  refuses("a string to flatten", () => five.flatMap(() => "abc" as never).collect(), {
    // a string to flatten
    says: 'the function given to flatMap returned the string "abc", which is not flattened',
    hint: "return an array: [text], or [...text] for its characters",
  });
  refuses("nothing to flatten", () => five.flatMap(() => undefined as never).collect(), {
    says: "the function given to flatMap must return an iterable, but returned undefined",
  }); // nothing to flatten
  refuses("no rows", () => five.mapPartitions(() => 5 as never).collect(), {
    says: "the function given to mapPartitions must return an iterable of rows, but returned 5",
  }); // no rows

  const promise = (x: number) => Promise.resolve(x);
  const asyncHint = "use mapAsync for asynchronous functions";
  const promised = (name: string, run: () => unknown) =>
    refuses(name, run, { says: `the function given to ${name.split(" ")[1]} returned a Promise`, hint: asyncHint });
  promised("promised: map", () => five.map(promise).count()); // promised: map
  promised("promised: filter", () => five.filter(promise).count()); // promised: filter
  promised("promised: flatMap", () => five.flatMap(promise as never).count()); // promised: flatMap
  promised("promised: keyBy", () => five.keyBy(promise).count()); // promised: keyBy
  promised("promised: mapValues", () =>
    five
      .keyBy(x => x)
      .mapValues(promise)
      .count(),
  ); // promised: mapValues
  promised("promised: mapPartitions", () => five.mapPartitions(promise as never).count()); // promised: mapPartitions
  promised("promised: foreach", () => five.foreach(promise as never)); // promised: foreach
  promised("promised: foreachPartition", () => five.foreachPartition(promise as never)); // promised: foreachPartition
  promised("promised: runJob", () => ctx.runJob(five, promise as never)); // promised: runJob
  refuses(
    "promised: reduceByKey",
    () =>
      five
        .keyBy(() => 1)
        .reduceByKey(promise as never)
        .count(),
    { says: "value is a Promise, in the values of reduceByKey" },
  ); // promised: reduceByKey

  refuses("unshippable: collect", () => five.map(x => ({ a: [1, () => x] })).collect(), {
    says: "row.a[1] is a function, in the collected rows",
  }); // unshippable: collect
  refuses(
    "unshippable: value",
    () =>
      five
        .map(x => [x, { f: Symbol("s") }])
        .groupByKey()
        .count(),
    { says: "value.f is a symbol, in the values of groupByKey" },
  ); // unshippable: value
  refuses(
    "unshippable: key",
    () =>
      five
        .map(() => [new WeakMap(), 1])
        .groupByKey()
        .count(),
    { says: "key is a WeakMap, in the keys of groupByKey" },
  ); // unshippable: key
  refuses("unshippable: parallelize", () => ctx.parallelize([1, 2, 3, { f: [boom] }], 2), {
    says: "value.f[0] is a function, in row 3 of parallelize",
  }); // unshippable: parallelize
  refuses("unshippable: zero", () => five.fold(boom as never, a => a), {
    says: "value is a function, in the zero value",
  }); // unshippable: zero
  refuses("unshippable: broadcast", () => ctx.broadcast({ boom }), {
    says: "value.boom is a function, in the broadcast value",
  }); // unshippable: broadcast
  refuses("unshippable: accumulator", () => ctx.accumulator(boom, a => a), {
    says: "value is a function, in the accumulator's zero",
  }); // unshippable: accumulator
  refuses(
    "unshippable: cached",
    () =>
      five
        .map(x => () => x)
        .cache()
        .count(),
    { says: "row is a function, in the rows of map" },
  ); // unshippable: cached

  const none = five.filter(x => x > 9);
  refuses("empty: first", () => none.first(), {
    says: "first() of an empty Rdd",
    hint: "check isEmpty() first, or use take(1)",
  }); // empty: first
  refuses("empty: reduce", () => none.reduce((a, b) => a + b), {
    says: "reduce() of an empty Rdd",
    hint: "check isEmpty() first, or use fold",
  }); // empty: reduce
  refuses("empty: min", () => none.min(), { says: "min() of an empty Rdd" }); // empty: min
  refuses("empty: max", () => none.max(), { says: "max() of an empty Rdd" }); // empty: max
  test("other actions take nothing", async () => {
    expect([await none.sum(), await none.count(), await none.fold(1, (a, b) => a * b), await none.mean()]).toEqual([
      0,
      0,
      1,
      NaN,
    ]);
    const { min, max, variance, sampleStdev } = await none.stats();
    expect([min, max, variance, sampleStdev]).toEqual([Infinity, -Infinity, NaN, NaN]);
  });

  refuses("sum of texts", () => (five.map(x => `a${x}`) as unknown as Rdd<number>).sum(), {
    says: "sum, mean and stats need numbers, but a row is ",
  }); // sum of texts
  refuses("a comparator without order", () => five.takeOrdered(2, () => NaN), {
    says: "the comparator returned NaN for ",
    hint: "return a negative number, 0 or a positive number",
  }); // a comparator without order
  refuses("no function", () => five.map(undefined as never), {
    says: "needs a function and got nothing",
    hint: "give it a function: x => …",
  }); // no function
  refuses("no rows at hand", () => ctx.parallelize(null as never), {
    says: "parallelize needs an array or another iterable, but got null",
  }); // no rows at hand
  refuses("no such file", () => ctx.textFile("/does/not/exist").count(), {
    says: "no such file or directory: /does/not/exist",
  }); // no such file
  refuses(
    "a result too large",
    () =>
      ctx
        .range(0, 1e6, 1, 4)
        .map(i => `row ${i}`)
        .collect(),
    {
      // a result too large
      says: "the result of collect is larger than firesteel.driver.maxResultSize: ",
      kind: "resource",
      hint: "save it with saveAsTextFile, iterate with toLocalIterator, or raise firesteel.driver.maxResultSize",
    },
  );
  test("a large result can still be iterated", async () => {
    let rows = 0;
    for await (const row of ctx.range(0, 3e5, 1, 12).map(i => `row ${i}`)) rows += row.length > 0 ? 1 : 0;
    expect(rows).toBe(3e5);
  });
}
