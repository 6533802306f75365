/** Samples, sketches, buckets, trees and commands, whose results could depend on threads, timing or memory, if the engine let them. */
import type { Context, Rdd } from "firesteel";
import type { Jobs } from "./same-everywhere.ts";

const rows = (ctx: Context): Rdd<[number, number]> =>
  ctx.range(0, 3000, 1, 6).map(i => [(i * 48271) % 997, Math.sin(i) * 10 ** (i % 9)]);
const numbers = (ctx: Context): Rdd<number> => rows(ctx).values();

const jobs: Jobs = {
  "a sample": ctx => rows(ctx).sample(false, 0.3, 5).glom().collect(),
  "a sample of what was shuffled": ctx =>
    rows(ctx)
      .reduceByKey((a, b) => a + b)
      .sample(true, 2.5, 5)
      .glom()
      .collect(),
  "parts of a random split": async ctx =>
    Promise.all(
      rows(ctx)
        .randomSplit([1, 2, 3], -8)
        .map(part => part.glom().collect()),
    ),
  "rows at random": ctx => rows(ctx).takeSample(false, 300, 2 ** 40),
  "rows at random, with replacement": ctx => rows(ctx).takeSample(true, 300, 1),
  "pairs sampled by key": ctx =>
    rows(ctx)
      .map(([key, value]) => [key % 3, value])
      .sampleByKey(true, new Map([0, 1, 2].map(key => [key, key / 3])), 9)
      .collect(),
  "pairs sampled by key, exactly": ctx =>
    rows(ctx)
      .map(([key, value]) => [`k${key % 3}`, value])
      .sampleByKeyExact(false, new Map([0, 1, 2].map(key => [`k${key}`, key / 7])), 9)
      .glom()
      .collect(),
  "distinct values, about": async ctx =>
    Promise.all([0.2, 0.02, 0.0005].map(sd => numbers(ctx).countApproxDistinct(sd))),
  "distinct values by key, about": ctx =>
    rows(ctx)
      .map(([key, value]) => [key % 50, String(value).slice(0, 4)])
      .countApproxDistinctByKey(0.02)
      .glom()
      .collect(),
  "buckets and spread": async ctx => [
    await numbers(ctx).histogram(17),
    await numbers(ctx).histogram([-1, 0, 1e3, 1e8]),
    await numbers(ctx).variance(),
    await numbers(ctx).sampleStdev(),
  ],
  "a tree of sums": async ctx =>
    Promise.all(
      [1, 2, 3].map(depth =>
        numbers(ctx)
          .repartition(9)
          .treeReduce((a, b) => a * 0.999 + b, depth),
      ),
    ),
  "a tree of text": ctx =>
    numbers(ctx)
      .repartition(12)
      .treeAggregate(
        "",
        (text, row) => text + row.toFixed(0)[0],
        (a, b) => a + b,
        3,
      ),
  "rows through a command": ctx => rows(ctx).pipe("sort").pipe(["sed", "s/,/;/"]).glom().collect(),
};

export default jobs;
