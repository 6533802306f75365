/** Plans whose drawing and explanation are held as golden files. */
import { type Context, HashPartitioner, RangePartitioner, type Rdd } from "firesteel";

export type Plans = Readonly<Record<string, (ctx: Context) => Rdd<unknown>>>;

const lines = (ctx: Context) => ctx.parallelize(["to be or", "not to be"], 2).flatMap(line => line.split(" "));
const pairs = (ctx: Context) => ctx.range(0, 100, 1, 4).map(i => [i % 7, i]);

const plans: Plans = {
  "word-count": ctx =>
    lines(ctx)
      .map(word => [word, 1])
      .reduceByKey((a, b) => a + b)
      .sortBy(([, n]) => n, false),
  "two-joins": ctx => {
    const users = pairs(ctx).partitionBy(new HashPartitioner(3)).setName("users").cache();
    const visits = pairs(ctx).filter(([k]) => k > 1);
    return users
      .join(visits)
      .mapValues(([a, b]) => a + b)
      .leftOuterJoin(pairs(ctx), 5);
  },
  "groups-and-sets": ctx => {
    const keyed = lines(ctx)
      .keyBy(word => word.length)
      .cogroup(pairs(ctx), new RangePartitioner(2));
    return keyed.union(keyed).coalesce(1).glom();
  },
  "one-partitioner": ctx => {
    const by = { numPartitions: 2, partition: (key: number) => key % 2 };
    return pairs(ctx).partitionBy(by).distinct().union(pairs(ctx).partitionBy(by)).groupByKey();
  },
  "rows-in-turn": ctx =>
    lines(ctx)
      .distinct()
      .repartition(3)
      .zipWithIndex()
      .mapAsync(async row => row, { concurrency: 2 }),
  aggregates: ctx =>
    pairs(ctx)
      .aggregateByKey(
        [0, 0],
        ([sum, n], v) => [sum + v, n + 1],
        (a, b) => [a[0] + b[0], a[1] + b[1]],
      )
      .filter(([, [, n]]) => n > 1)
      .mapPartitionsWithIndex((i, rows) => rows.map(row => [i, row]))
      .groupBy(([i]) => i),
  "side-by-side": ctx => {
    const numbers = ctx.range(0, 9, 1, 3);
    return numbers
      .zip(numbers.map(n => n * n))
      .map(([n, square]) => [n, square - n])
      .zipWithIndex()
      .zipPartitions(lines(ctx).repartition(3), (a, b) => [...a, ...b])
      .zipWithUniqueId();
  },
  "sets-and-outer-joins": ctx => {
    const sorted = pairs(ctx).sortByKey(true, 2);
    const some = sorted.filterByRange(2, 4).fullOuterJoin(pairs(ctx).subtractByKey(pairs(ctx)));
    return some
      .keys()
      .intersection(ctx.range(0, 5, 1, 2))
      .cartesian(lines(ctx).subtract(lines(ctx)));
  },
  "words-of-a-file": ctx =>
    ctx
      .textFile("README.md", 2)
      .flatMap(line => line.split(" "))
      .map(word => [word, 1])
      .reduceByKey((a, b) => a + b),
  "samples-sketches-and-commands": ctx => {
    const [some] = pairs(ctx).sample(true, 1.5, 3).randomSplit([1, 3], 4);
    const fractions = new Map(Array.from({ length: 7 }, (_, key) => [key, 0.5]));
    return some!
      .sampleByKey(false, fractions, 5)
      .sampleByKeyExact(true, fractions, 6)
      .countApproxDistinctByKey(0.01)
      .pipe(["sort", "-n"]);
  },
};

export default plans;
