/** What users read when something is wrong: kind, words, fix, and the line of theirs that it is about. */
import { inspect } from "node:util";
import { HashPartitioner, type Rdd, taskContext } from "firesteel";
import { refusing } from "../refusing.ts";
import type { SuiteTools } from "../suite.ts";

const boom = (x: number): number => {
  if (x === 3) throw new TypeError(`boom ${x}`); // thrown here
  return x;
};

export default function errors(tools: SuiteTools): void {
  const { ctx, test, expect, failure, file, lineOf } = tools;
  const five = ctx.range(0, 5, 1, 2);
  const notPairs = five as unknown as Rdd<[number, number]>;

  const refuses = refusing(tools);
  const throws = (name: string, run: () => unknown, operator = name) => {
    refuses(name, run, {
      says: `the function given to ${operator} at ${file}:${lineOf(operator, name)}:`,
      operator: "thrown here",
    });
  };

  throws("map", () => five.map(x => boom(x)).collect());
  throws("a helper given directly", () => five.map(boom).count(), "map");
  throws("filter", () => five.filter(x => boom(x) > 0).count());
  throws("keyBy", () =>
    five
      .keyBy(x => boom(x))
      .groupByKey()
      .count(),
  );
  throws("groupBy", () => five.groupBy(x => boom(x)).count());
  throws("sortBy", () => five.sortBy(x => boom(x)).count());
  throws("mapAsync", () => five.mapAsync(async x => boom(x)).count());
  throws("mapPartitions", () => five.mapPartitions(rows => rows.map(boom)).count());
  throws(
    "reduceByKey in map tasks",
    () =>
      five
        .keyBy(() => 1)
        .reduceByKey((_, x) => boom(x))
        .count(),
    "reduceByKey",
  );
  throws(
    "reduceByKey after them",
    () =>
      five
        .keyBy(() => 1)
        .reduceByKey(a => (a > 0 ? boom(3) : 1))
        .count(),
    "reduceByKey",
  );
  throws("partitionBy", () =>
    five
      .keyBy(x => x)
      .partitionBy({ numPartitions: 2, partition: k => boom(k) % 2 })
      .count(),
  );
  throws("foreach", () => five.foreach(x => void boom(x)));
  throws("foreachPartition", () => five.foreachPartition(rows => rows.forEach(boom)));
  throws("runJob", () => ctx.runJob(five, rows => [...rows].map(boom)));
  throws("takeOrdered", () => five.takeOrdered(2, () => boom(3)));
  throws("reduce in tasks", () => five.reduce((_, x) => boom(x)), "reduce");
  throws("reduce on the driver", () => five.reduce((a, b) => (a === 1 ? boom(3) : a + b)), "reduce");
  throws(
    "aggregate on the driver",
    () =>
      five.aggregate(
        0,
        (a, b) => a + b,
        () => boom(3),
      ),
    "aggregate",
  );
  throws("below an index", () => five.map(boom).zipWithIndex().count(), "map");

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
    operator: "mapValues",
    says: "mapValues needs pairs, but a row is ",
    hint: pairHint,
  });
  refuses("not pairs: keys", () => notPairs.keys().collect(), {
    operator: "keys",
    says: "keys needs pairs, but a row is ",
    hint: pairHint,
  });
  refuses("not pairs: reduceByKey", () => notPairs.reduceByKey(a => a).collect(), {
    operator: "reduceByKey",
    says: "reduceByKey needs pairs, but a row is ",
  });
  refuses("not pairs: sortByKey", () => notPairs.sortByKey().collect(), {
    operator: "sortByKey",
    says: "sortByKey needs pairs, but a row is ",
  });
  refuses(
    "not pairs: join",
    () =>
      five
        .keyBy(x => x)
        .join(notPairs)
        .collect(),
    { operator: "join", says: "join needs pairs, but a row is " },
  );
  refuses("not pairs: countByKey", () => notPairs.countByKey(), {
    operator: "countByKey",
    says: "countByKey needs pairs, but a row is ",
  });
  refuses("not pairs: collectAsMap", () => notPairs.collectAsMap(), {
    operator: "collectAsMap",
    says: "collectAsMap needs pairs, but a row is 0",
  });
  refuses("not pairs: lookup", () => notPairs.lookup(1), {
    operator: "lookup",
    says: "lookup needs pairs, but a row is ",
  });
  refuses("not pairs: three", () => (five.map(x => [x, x, x]) as unknown as typeof notPairs).groupByKey().count(), {
    operator: "groupByKey",
    says: "groupByKey needs pairs, but a row is [",
  });

  refuses("a string to flatten", () => five.flatMap(() => "abc" as never).collect(), {
    operator: "flatMap",
    says: 'the function given to flatMap returned the string "abc", which is not flattened',
    hint: "return an array: [text], or [...text] for its characters",
  });
  refuses("nothing to flatten", () => five.flatMap(() => undefined as never).collect(), {
    operator: "flatMap",
    says: "the function given to flatMap must return an iterable, but returned undefined",
  });
  refuses("no rows", () => five.mapPartitions(() => 5 as never).collect(), {
    operator: "mapPartitions",
    says: "the function given to mapPartitions must return an iterable of rows, but returned 5",
  });

  const promise = (x: number) => Promise.resolve(x);
  const asyncHint = "use mapAsync for asynchronous functions";
  const promised = (name: string, run: () => unknown) =>
    refuses(name, run, {
      operator: name.split(" ")[1]!,
      says: `the function given to ${name.split(" ")[1]} returned a Promise`,
      hint: asyncHint,
    });
  promised("promised: map", () => five.map(promise).count());
  promised("promised: filter", () => five.filter(promise).count());
  promised("promised: flatMap", () => five.flatMap(promise as never).count());
  promised("promised: keyBy", () => five.keyBy(promise).count());
  promised("promised: mapValues", () =>
    five
      .keyBy(x => x)
      .mapValues(promise)
      .count(),
  );
  promised("promised: mapPartitions", () => five.mapPartitions(promise as never).count());
  promised("promised: foreach", () => five.foreach(promise as never));
  promised("promised: foreachPartition", () => five.foreachPartition(promise as never));
  promised("promised: runJob", () => ctx.runJob(five, promise as never));
  promised("promised: combineByKey", () => five.keyBy(() => 1).combineByKey(promise, a => a, a => a).count()); // prettier-ignore
  refuses(
    "promised: reduceByKey",
    () =>
      five
        .keyBy(() => 1)
        .reduceByKey(promise as never)
        .count(),
    { operator: "reduceByKey", says: "value is a Promise, in the values of reduceByKey" },
  );

  refuses("unshippable: collect", () => five.map(x => ({ a: [1, () => x] })).collect(), {
    operator: "collect",
    says: "row.a[1] is a function, in the collected rows",
  });
  refuses(
    "unshippable: value",
    () =>
      five
        .map(x => [x, { f: Symbol("s") }])
        .groupByKey()
        .count(),
    { operator: "groupByKey", says: "value.f is a symbol, in the values of groupByKey" },
  );
  refuses(
    "unshippable: key",
    () =>
      five
        .map(() => [new WeakMap(), 1])
        .groupByKey()
        .count(),
    { operator: "groupByKey", says: "key is a WeakMap, in the keys of groupByKey" },
  );
  refuses("unshippable: parallelize", () => ctx.parallelize([1, 2, 3, { f: [boom] }], 2), {
    operator: "parallelize",
    says: "value.f[0] is a function, in row 3 of parallelize",
  });
  refuses("unshippable: zero", () => five.fold(boom as never, a => a), {
    operator: "fold",
    says: "value is a function, in the zero value",
  });
  refuses("unshippable: broadcast", () => ctx.broadcast({ boom }), {
    operator: "broadcast",
    says: "value.boom is a function, in the broadcast value",
  });
  refuses("unshippable: accumulator", () => ctx.accumulator(boom, a => a), {
    operator: "accumulator",
    says: "value is a function, in the accumulator's zero",
  });
  refuses(
    "unshippable: cached",
    () =>
      five
        .map(x => () => x)
        .cache()
        .count(),
    { operator: "map", says: "row is a function, in the rows of map" },
  );

  const none = five.filter(x => x > 9);
  refuses("empty: first", () => none.first(), {
    operator: "first",
    says: "first() of an empty Rdd",
    hint: "check isEmpty() first, or use take(1)",
  });
  refuses("empty: reduce", () => none.reduce((a, b) => a + b), {
    operator: "reduce",
    says: "reduce() of an empty Rdd",
    hint: "check isEmpty() first, or use fold",
  });
  refuses("empty: min", () => none.min(), { operator: "min", says: "min() of an empty Rdd" });
  refuses("empty: max", () => none.max(), { operator: "max", says: "max() of an empty Rdd" });
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
    operator: "sum",
    says: "numeric actions need numbers, but a row is ",
  });
  const orderHint = "(a, b) => a < b ? -1 : a > b ? 1 : 0";
  refuses("a comparator of no numbers", () => five.takeOrdered(2, () => NaN), {
    operator: "takeOrdered",
    says: "the comparator returned NaN for ",
    hint: `return a negative number, 0 or a positive number: ${orderHint}`,
  });
  refuses("a comparator that is always 1", () => five.top(2, () => 1), {
    operator: "top",
    says: "the comparator is not an order: it returned 1 for ",
    hint: `return 0 for rows that are equal: ${orderHint}`,
  });
  refuses("a comparator that is one-sided", () => five.map(x => x + 1).max((a, b) => (a === b ? 0 : -a)), {
    operator: "max",
    says: "the comparator is not an order: it returned -",
    hint: `return the opposite when the two are swapped: ${orderHint}`,
  });
  const cyclic = (a: number, b: number) => (a === b ? 0 : (b - a + 5) % 5 < 3 ? -1 : 1);
  refuses("a comparator that goes round", () => five.coalesce(1).min(cyclic), {
    operator: "min",
    says: "the comparator is not an order: it puts 0 before 1 and 1 before 3, but 3 before 0",
    hint: "compare all rows by the same key, and give NaN and missing values a place of their own",
  });
  refuses("a comparator that goes round on the driver", () => ctx.parallelize([0, 1, 3], 3).takeOrdered(3, cyclic), {
    operator: "takeOrdered",
    says: "the comparator is not an order: it puts 0 before 1 and 1 before 3, but 3 before 0",
  });
  refuses("no function", () => five.map(undefined as never), {
    operator: "map",
    says: "needs a function and got nothing",
    hint: "give it a function: x => …",
  });
  refuses("no rows at hand", () => ctx.parallelize(null as never), {
    operator: "parallelize",
    says: "parallelize needs an array or another iterable, but got null",
  });
  const other = (options: object): never => options as never;
  refuses("another reader's option", () => ctx.csvFile("towns.csv", other({ delimiter: ";" })), {
    operator: "csvFile",
    says: 'csvFile has no option "delimiter"',
    hint: "did you mean separator?",
  });
  refuses("an option misspelt", () => five.saveAsTextFile("never", other({ codek: "gzip" })), {
    operator: "saveAsTextFile",
    says: 'saveAsTextFile has no option "codek"',
    hint: "did you mean codec?",
  });
  refuses("an option of no reader", () => ctx.jsonFile("towns.json", other({ primitivesAsString: true })), {
    operator: "jsonFile",
    says: 'jsonFile has no option "primitivesAsString"',
    hint: "its options are multiLine, schema, mode, corruptRecord, maxLineBytes",
  });
  refuses("options that are a text", () => ctx.csvFile("towns.csv", ";" as never), {
    operator: "csvFile",
    says: 'csvFile needs an object of options, but got ";"',
  });
  refuses("a number instead of an Rdd", () => five.cartesian(5 as never), {
    operator: "cartesian",
    says: "cartesian needs an Rdd, but got 5",
  });
  const noPartitions = () => new HashPartitioner(0); // none
  refuses("a partitioner without partitions", noPartitions, {
    operator: "none",
    says: "HashPartitioner needs a number of partitions from 1 to 1,000,000, but got 0",
  });
  const onTheDriver = () => taskContext().partitionId; // no task
  refuses("the task's context on the driver", onTheDriver, {
    operator: "no task",
    says: "taskContext() was called outside a task",
  });
  test("a refused promise fails no later job", async () => {
    const refused = await failure(() => five.map(async () => Promise.reject(new Error("late"))).count());
    expect(refused.message).toContain("map");
    const thenable = await failure(() => five.map(() => Promise.reject(new Error("late"))).count());
    expect(thenable.message).toContain("the function given to map returned a Promise");
    for (let i = 0; i < 20; i++) expect(await five.sum()).toBe(10);
  });
  test("console.log of an Rdd says what it is", async () => {
    expect(inspect(five)).toMatch(
      /^Rdd\[\d+\] at range at .*errors\.ts:14:\d+ \(a plan; await collect\(\) for its rows\)$/,
    );
    expect(inspect(ctx.range(1).setName("one"))).toMatch(/^one Rdd\[\d+\] at range at .* \(a plan;/);
    expect(inspect(ctx)).toMatch(/^Context .* \(.*local.*\)$/);
    expect(inspect(ctx.broadcast([1]))).toMatch(/^Broadcast \d+$/);
    expect(inspect(ctx.longAccumulator("seen"))).toBe('Accumulator "seen" (value 0)');
  });
  refuses("no such file", () => ctx.textFile("/does/not/exist").count(), {
    operator: "textFile",
    says: "no such file or directory: /does/not/exist",
  });
  refuses("one task's result too large, before it is made", () => ctx.range(0, 1e12, 1, 4).collect(), {
    operator: "collect",
    says: "the rows that one task collects are larger than firesteel.driver.maxResultSize: 2.",
    kind: "resource",
    hint: "save it with saveAsTextFile, iterate with toLocalIterator over more partitions, or raise firesteel.driver.maxResultSize",
  });
  refuses(
    "a result too large",
    () =>
      ctx
        .range(0, 1e6, 1, 12)
        .map(i => `row ${i}`)
        .collect(),
    {
      operator: "collect",
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
