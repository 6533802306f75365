/**
 * What operators and actions infer, one line each: that the type checker accepts this file is the test. Operators on pairs and on
 * numbers must not exist on other rows; each line that says so would be an error if they did.
 */
import {
  type Accumulator,
  type Broadcast,
  type Context,
  type Estimate,
  HashPartitioner,
  type KnownPartitioner,
  type Partitioner,
  RangePartitioner,
  type Rdd,
  type Stats,
  StorageLevel,
} from "firesteel";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Refuses a value whose type is not exactly what the type argument says. */
function is<Expected>() {
  return <Actual>(_value: Actual, ..._same: Same<Actual, Expected> extends true ? [] : [never]): void => {};
}

interface Trip {
  readonly from: string;
  readonly miles: number;
  readonly via?: readonly string[];
}

export function narrowOperators(numbers: Rdd<number>, trips: Rdd<Trip>, pairs: Rdd<[string, number]>): void {
  is<Rdd<[string, number]>>()(numbers.map(n => [`k${n}`, n]));
  is<Rdd<[string, number]>>()(numbers.map(n => [`k${n}`, n] as const));
  is<Rdd<[string, [number, [boolean, null]]]>>()(numbers.map(n => ["k", [n, [n > 1, null]]]));
  is<Rdd<[number, number, number]>>()(numbers.map(n => [n, n, n]));
  is<Rdd<{ name: string; at: number[] }>>()(trips.map(t => ({ name: t.from, at: [t.miles] })));
  is<Rdd<{ pair: [string, number] }>>()(trips.map(t => ({ pair: [t.from, t.miles] as [string, number] })));
  is<Rdd<number | undefined>>()(numbers.map(n => (n > 1 ? n : undefined)));
  is<Rdd<bigint>>()(numbers.map(n => BigInt(n)));
  is<Rdd<number>>()(numbers.map(Math.sqrt));
  is<Rdd<Date>>()(numbers.map(n => new Date(n)));
  is<Rdd<Map<string, number>>>()(numbers.map(n => new Map([["n", n]])));
  is<Rdd<readonly string[] | undefined>>()(trips.map(t => t.via));
  is<Rdd<Trip>>()(trips.filter(t => t.miles > 5));
  is<Rdd<string>>()(trips.map(t => t.via?.[0]).filter(city => city !== undefined));
  is<Rdd<string>>()(trips.flatMap(t => t.via ?? []));
  is<Rdd<[string, number]>>()(numbers.flatMap(n => [["a", n], ["b", n]])); // prettier-ignore
  is<Rdd<number>>()(numbers.flatMap(n => new Set([n])));
  is<Rdd<number>>()(numbers.mapPartitions(rows => rows.map(n => n + 1)));
  is<Rdd<[number, string]>>()(trips.mapPartitionsWithIndex((i, rows) => rows.map(t => [i, t.from])));
  is<Rdd<number>>()(
    numbers.mapPartitions(function* (rows) {
      for (const n of rows) yield n;
    }),
  );
  is<Rdd<[string, number]>>()(numbers.mapAsync(async n => ["k", n]));
  is<Rdd<string>>()(trips.mapAsync(async t => t.from, { concurrency: 4 }));
  is<Rdd<Trip[]>>()(trips.glom());
  is<Rdd<Trip>>()(trips.union(trips, trips));
  is<Rdd<[string, Trip]>>()(trips.keyBy(t => t.from));
  is<Rdd<[[string, number], Trip]>>()(trips.keyBy(t => [t.from, t.miles]));
  is<Rdd<Trip>>()(trips.coalesce(2).coalesce(3, true).repartition(4));
  is<Rdd<[Trip, number]>>()(trips.zipWithIndex());
  is<Rdd<Trip>>()(trips.distinct().sortBy(t => t.miles, false, 3));
  is<Rdd<[string, Trip[]]>>()(trips.groupBy(t => t.from));
  is<Rdd<[[string, boolean], Trip[]]>>()(trips.groupBy(t => [t.from, t.miles > 5], 3));
  is<Rdd<string>>()(pairs.keys());
  is<Rdd<number>>()(pairs.values());
}

export function pairOperators(
  pairs: Rdd<[string, number]>,
  fixed: Rdd<readonly [string, Trip]>,
  names: Rdd<[string, string]>,
): void {
  is<Rdd<[string, [number, string]]>>()(pairs.mapValues(n => [n, "x"]));
  is<Rdd<[string, string]>>()(fixed.mapValues(t => t.from));
  is<Rdd<[string, number]>>()(pairs.flatMapValues(n => [n, n]));
  is<Rdd<[string, [number, boolean]]>>()(pairs.flatMapValues(n => [[n, true]]));
  is<Rdd<[string, number]>>()(pairs.reduceByKey((a, b) => a + b, 4));
  is<Rdd<[string, Trip]>>()(fixed.reduceByKey((a, b) => (a.miles > b.miles ? a : b)));
  is<Rdd<[string, number]>>()(pairs.foldByKey(0, (a, b) => Math.max(a, b), new HashPartitioner(3)));
  is<Rdd<[string, { total: number }]>>()(
    pairs.aggregateByKey(
      { total: 0 },
      (t, n) => ({ total: t.total + n }),
      (a, b) => ({ total: a.total + b.total }),
    ),
  );
  is<Rdd<[string, string[]]>>()(
    pairs.aggregateByKey(
      [] as string[],
      (list, n) => [...list, String(n)],
      (a, b) => [...a, ...b],
      2,
    ),
  );
  is<Rdd<[string, [number, number]]>>()(
    pairs.combineByKey(
      n => [n, 1],
      ([sum, count], n) => [sum + n, count + 1],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    ),
  );
  is<Rdd<[string, number[]]>>()(pairs.groupByKey());
  is<Rdd<[string, Trip[]]>>()(fixed.groupByKey(3));
  is<Rdd<[string, number]>>()(pairs.partitionBy(new RangePartitioner(3, { ascending: false })));
  is<Rdd<[string, number]>>()(pairs.partitionBy({ numPartitions: 2, partition: key => key.length % 2 }));
  is<Rdd<[string, [number, string]]>>()(pairs.join(names));
  is<Rdd<[string, [Trip, number]]>>()(fixed.join(pairs, 3));
  is<Rdd<[string, [number, Trip | undefined]]>>()(pairs.leftOuterJoin(fixed));
  is<Rdd<[string, [number[], string[]]]>>()(pairs.cogroup(names, 2));
  is<Rdd<[string, number]>>()(pairs.sortByKey(false, 2));
}

export async function combiningOperators(
  numbers: Rdd<number>,
  trips: Rdd<Trip>,
  pairs: Rdd<[string, number]>,
  fixed: Rdd<readonly [string, Trip]>,
  names: Rdd<[string, string]>,
): Promise<void> {
  is<Rdd<[number, Trip]>>()(numbers.zip(trips));
  is<Rdd<[Trip, [string, number]]>>()(trips.zip(pairs));
  is<Rdd<[number, Trip]>>()(numbers.zipPartitions(trips, (a, b) => a.flatMap(n => b.map(t => [n, t]))));
  is<Rdd<number>>()(numbers.zipPartitions(trips, (a, b) => [[...a].length, b.next().value?.miles ?? 0]));
  is<Rdd<string>>()(
    numbers.zipPartitions(names, function* (a, b) {
      for (const n of a) yield `${n}${b.next().value?.[1]}`;
    }),
  );
  is<Rdd<[Trip, number]>>()(trips.zipWithUniqueId());
  is<Rdd<[number, Trip]>>()(numbers.cartesian(trips));
  is<Rdd<number>>()(numbers.intersection(numbers, 3).subtract(numbers).subtract(numbers, new HashPartitioner(2)));
  is<Rdd<[string, number]>>()(pairs.subtract(pairs).subtractByKey(names).subtractByKey(fixed, 3));
  is<Rdd<[string, [number | undefined, string]]>>()(pairs.rightOuterJoin(names));
  is<Rdd<[string, [Trip | undefined, number]]>>()(fixed.rightOuterJoin(pairs, 3));
  is<Rdd<[string, [number | undefined, Trip | undefined]]>>()(pairs.fullOuterJoin(fixed, new HashPartitioner(3)));
  is<Rdd<[string, [number[], string[], Trip[]]]>>()(pairs.cogroup(names, fixed));
  is<Rdd<[string, [number[], string[], Trip[]]]>>()(pairs.cogroup(names, fixed, 4));
  is<Rdd<[string, [number[], string[], Trip[], number[]]]>>()(pairs.cogroup(names, fixed, pairs, 4));
  is<Rdd<[string, [number[], string[]]]>>()(pairs.groupWith(names));
  is<Rdd<[string, [number[], string[], Trip[]]]>>()(pairs.groupWith(names, fixed));
  is<Rdd<[string, [number[], Trip[], Trip[], string[]]]>>()(pairs.groupWith(fixed, fixed, names));
  is<Rdd<[string, Trip]>>()(fixed.filterByRange("a", "b"));
  is<Rdd<[string, number]>>()(pairs.repartitionAndSortWithinPartitions(new RangePartitioner(3)));
  is<Map<string, number>>()(await pairs.reduceByKeyLocally((a, b) => a + b));
  is<Map<string, Trip>>()(await fixed.reduceByKeyLocally(a => a, { signal: new AbortController().signal }));
  is<[string, number][]>()(await pairs.reduceByKeyLocallyEntries((a, b) => a + b));
  // @ts-expect-error what is taken away is of the same kind
  numbers.subtract(trips);
  // @ts-expect-error nor have numbers and trips rows in common
  numbers.intersection(trips);
  // @ts-expect-error numbers have no keys
  numbers.subtractByKey(pairs);
  // @ts-expect-error nor are they joined
  pairs.fullOuterJoin(numbers);
  // @ts-expect-error from outside neither
  trips.rightOuterJoin(pairs);
  // @ts-expect-error cogroup takes three others at most
  pairs.cogroup(pairs, pairs, pairs, pairs);
  // @ts-expect-error bounds are keys
  pairs.filterByRange(1, 2);
  // @ts-expect-error the partitioner is not optional
  pairs.repartitionAndSortWithinPartitions();
  // @ts-expect-error an array is no Rdd
  numbers.zip([1, 2]);
  // @ts-expect-error a reducer gives what it gets
  await pairs.reduceByKeyLocally((a, b) => `${a}${b}`);
}

export async function actions(
  ctx: Context,
  numbers: Rdd<number>,
  trips: Rdd<Trip>,
  pairs: Rdd<[string, number]>,
): Promise<void> {
  const options = { signal: new AbortController().signal };
  is<Trip[]>()(await trips.collect(options));
  is<number>()(await trips.count(options));
  is<Trip[]>()(await trips.take(3, options));
  is<Trip>()(await trips.first());
  is<boolean>()(await trips.isEmpty());
  is<Trip[]>()(await trips.takeOrdered(3, (a, b) => a.miles - b.miles, options));
  is<Trip[]>()(await trips.top(3, (a, b) => a.miles - b.miles));
  is<Trip>()(await trips.max((a, b) => a.miles - b.miles));
  is<number>()(await numbers.min());
  is<number>()(await numbers.reduce((a, b) => a + b));
  is<number>()(await numbers.fold(0, (a, b) => a + b));
  is<Set<string>>()(
    await trips.aggregate(
      new Set<string>(),
      (set, t) => set.add(t.from),
      (a, b) => a.union(b),
    ),
  );
  is<number>()(
    await trips.aggregate(
      0,
      (sum, t) => sum + t.miles,
      (a, b) => a + b,
      options,
    ),
  );
  is<void>()(await trips.foreach(t => void t.from));
  is<void>()(await trips.foreachPartition(rows => void rows.toArray()));
  is<Map<string, number>>()(await pairs.countByKey());
  is<[string, number][]>()(await pairs.countByKeyEntries());
  is<Map<Trip, number>>()(await trips.countByValue());
  is<[Trip, number][]>()(await trips.countByValueEntries(options));
  is<Map<string, number>>()(await pairs.collectAsMap());
  is<[string, number][]>()(await pairs.collectAsMapEntries());
  is<number[]>()(await pairs.lookup("k"));
  is<AsyncGenerator<Trip, void, undefined>>()(trips.toLocalIterator());
  for await (const trip of trips) is<Trip>()(trip);
  is<void>()(await trips.saveAsTextFile("out"));
  is<number>()(await numbers.sum());
  is<number>()(await numbers.mean(options));
  is<Stats>()(await numbers.stats());
  is<number[]>()(await ctx.runJob(numbers, rows => rows.reduce((a, b) => a + b), [0], options));
  is<void>()(await trips.unpersist({ blocking: true }));
}

export async function drawn(numbers: Rdd<number>, trips: Rdd<Trip>, pairs: Rdd<[string, number]>): Promise<void> {
  is<Rdd<Trip>>()(trips.sample(false, 0.1));
  is<Rdd<Trip>[]>()(trips.randomSplit([1, 2], 7));
  is<Trip[]>()(await trips.takeSample(true, 5));
  is<Rdd<[string, number]>>()(pairs.sampleByKey(false, new Map([["a", 0.1]])));
  is<Rdd<[string, number]>>()(pairs.sampleByKeyExact(false, new Map([["a", 0.1]]), 7));
  is<[number[], number[]]>()(await numbers.histogram([1, 2]));
  is<number>()(await numbers.sampleStdev());
  is<Estimate>()(await trips.countApprox(100));
  is<Estimate>()(await numbers.sumApprox(100, 0.9));
  is<Map<string, Estimate>>()(await pairs.countByKeyApprox(100));
  is<Map<Trip, Estimate>>()(await trips.countByValueApprox(100));
  is<number>()(await trips.countApproxDistinct());
  is<Rdd<[string, number]>>()(pairs.countApproxDistinctByKey(0.01, 4));
  is<Trip>()(await trips.treeReduce((a, b) => (a.miles > b.miles ? a : b), 3));
  is<number[]>()(
    await numbers.treeAggregate(
      [] as number[],
      (list, n) => [...list, n],
      (a, b) => [...a, ...b],
    ),
  );
  is<Rdd<string>>()(trips.pipe(["jq", ".from"], { env: { LANG: "C" }, encoding: "utf-8" }));
  // @ts-expect-error trips have no mean
  await trips.meanApprox(100);
  // @ts-expect-error nor buckets
  await trips.histogram(5);
  // @ts-expect-error nor a variance
  await pairs.variance();
  // @ts-expect-error numbers have no keys to sample by
  numbers.sampleByKey(false, new Map());
  // @ts-expect-error nor to count values by
  numbers.countApproxDistinctByKey();
  // @ts-expect-error the keys of fractions are the pairs'
  pairs.sampleByKey(false, new Map([[1, 0.1]]));
  // @ts-expect-error an encoding that nobody writes
  trips.pipe("cat", { encoding: "ebcdic" });
}

export async function contexts(ctx: Context): Promise<void> {
  is<Rdd<number>>()(ctx.range(1, 10, 2, 3));
  is<Rdd<string>>()(ctx.textFile(["a", "b"], 3));
  is<Rdd<never>>()(ctx.emptyRdd());
  is<Rdd<[string, number]>>()(ctx.parallelize([["a", 1]], 2));
  is<Rdd<[string, number]>>()(ctx.parallelize(Object.entries({ a: 1 })));
  is<Rdd<string>>()(ctx.parallelize(new Set(["a"])));
  is<Rdd<Trip>>()(ctx.jsonFile<Trip>("trips.json"));
  is<Rdd<Trip>>()(ctx.union([ctx.csvFile<Trip>("a.csv"), ctx.parquetFile<Trip>("b.parquet")]));
  is<Broadcast<Trip>>()(ctx.broadcast<Trip>({ from: "x", miles: 1 }));
  is<Accumulator<number>>()(ctx.longAccumulator());
  is<Accumulator<string[], string>>()(ctx.collectionAccumulator<string>("names"));
  is<Trip[]>()(ctx.collectionAccumulator<Trip>().value);
  const rdd = ctx.range(5);
  is<Rdd<number>>()(rdd.cache().persist(StorageLevel.MEMORY_ONLY).setName("n"));
  is<number>()(rdd.numPartitions + rdd.id);
  is<string | undefined>()(rdd.name);
  is<KnownPartitioner | undefined>()(rdd.partitioner);
  is<StorageLevel>()(rdd.storageLevel);
  is<string>()(rdd.toDebugString() + rdd.explain());
  const byLength: Partitioner<string> = { numPartitions: 2, partition: key => key.length % 2 };
  is<Rdd<[string, number]>>()(rdd.keyBy(String).partitionBy(byLength));
}

/** An Rdd of something is an Rdd of anything that it extends. */
export function variance(trips: Rdd<Trip & { readonly day: Date }>): Rdd<Trip> {
  return trips;
}

export async function refused(
  numbers: Rdd<number>,
  trips: Rdd<Trip>,
  pairs: Rdd<[string, number]>,
  triples: Rdd<[string, number, number]>,
): Promise<void> {
  // @ts-expect-error numbers have no keys
  numbers.keys();
  // @ts-expect-error nor values
  numbers.values();
  // @ts-expect-error nor values to map
  trips.mapValues(v => v);
  // @ts-expect-error nor to flatten
  trips.flatMapValues(v => [v]);
  // @ts-expect-error three are no pair
  triples.groupByKey();
  // @ts-expect-error what is no pair cannot be folded by key
  trips.foldByKey(0, a => a);
  // @ts-expect-error nor aggregated
  trips.aggregateByKey(
    0,
    a => a,
    a => a,
  );
  // @ts-expect-error nor combined
  trips.combineByKey(
    v => v,
    a => a,
    a => a,
  );
  // @ts-expect-error nor sorted
  numbers.sortByKey();
  // @ts-expect-error nor placed
  numbers.partitionBy(3);
  // @ts-expect-error nor joined
  pairs.join(numbers);
  // @ts-expect-error nor joined from outside
  pairs.leftOuterJoin(trips);
  // @ts-expect-error nor grouped together
  numbers.cogroup(pairs);
  // @ts-expect-error nor counted by key
  await numbers.countByKey();
  // @ts-expect-error nor made a Map of
  await triples.collectAsMap();
  // @ts-expect-error nor looked up
  await trips.lookup("x");
  // @ts-expect-error keys are strings
  await pairs.lookup(5);
  // @ts-expect-error trips have no sum
  await trips.sum();
  // @ts-expect-error nor a mean
  await pairs.mean();
  // @ts-expect-error nor statistics
  await trips.stats();
  // @ts-expect-error a reducer gives what it gets
  await trips.reduce((a, b) => a.miles + b.miles);
  // @ts-expect-error a comparator gives a number
  await trips.top(2, (a, b) => a.miles > b.miles);
  // @ts-expect-error unions are of one kind of rows
  trips.union(numbers);
  // @ts-expect-error a partitioner is of the keys
  pairs.partitionBy({ numPartitions: 2, partition: (key: number) => key % 2 });
  // @ts-expect-error what is flattened is iterable
  numbers.flatMap(n => n + 1);
  // @ts-expect-error and no text
  numbers.flatMap(n => `${n}`);
}
