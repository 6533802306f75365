/** Samples: how many rows, which, and that the same seed gives them again, whatever computes them. */
import { type Rdd, taskContext } from "firesteel";
import type { SuiteTools } from "../suite.ts";

/** Rows that a sample of independent draws may be off by, six standard deviations: once in 500 million. */
const slack = (rows: number, fraction: number) => 6 * Math.sqrt(rows * fraction);

export default function sampling({ ctx, test, expect, same, failure, takeEvents }: SuiteTools): void {
  const rows = 20_000;
  const numbers = (partitions = 5) => ctx.range(0, rows, 1, partitions);
  const pairs = () => numbers().map(i => [["a", i % 3 === 0 ? 0 : 1] as [string, number], i]);
  const fractions = new Map([
    [["a", 0], 0.25],
    [["a", 1], 0.011],
  ] as [[string, number], number][]);

  test("a sample without replacement takes each row at most once, in order, as often as it should", async () => {
    for (const fraction of [0.001, 0.1, 0.5, 0.99]) {
      const sample = await numbers().sample(false, fraction, 42).collect();
      expect(Math.abs(sample.length - rows * fraction)).toBeLessThan(slack(rows, fraction));
      same(
        sample,
        [...new Set(sample)].toSorted((a, b) => a - b),
      );
      const mean = sample.reduce((sum, row) => sum + row, 0) / sample.length;
      expect(Math.abs(mean - rows / 2)).toBeLessThan((6 * rows) / Math.sqrt(12 * sample.length));
    }
    same(await numbers().sample(false, 0, 1).count(), 0);
    same(await numbers().sample(false, 1, 1).collect(), await numbers().collect());
  });

  test("a sample with replacement takes rows as often as a Poisson variable says", async () => {
    for (const fraction of [0.01, 0.7, 2.5, 30]) {
      const sample = await numbers().sample(true, fraction, -3).collect();
      expect(Math.abs(sample.length - rows * fraction)).toBeLessThan(slack(rows, fraction));
      same(
        sample,
        sample.toSorted((a, b) => a - b),
      );
      const copies = new Map<number, number>();
      for (const row of sample) copies.set(row, (copies.get(row) ?? 0) + 1);
      expect(Math.abs(rows - copies.size - rows * Math.exp(-fraction))).toBeLessThan(
        1 + slack(rows, Math.exp(-fraction)),
      );
      const spread = [...copies.values()].reduce((sum, n) => sum + n * n, 0) / rows - fraction ** 2;
      expect(Math.abs(spread / fraction - 1)).toBeLessThan(0.2);
    }
    same(await numbers().sample(true, 0).count(), 0);
    same(await ctx.range(3).sample(true, 10_000, 5).distinct().count(), 3);
  });

  test("samples of columns, of JavaScript rows and of cached rows are the same rows", async () => {
    const plain = await numbers().sample(false, 0.1, 9).collect();
    const words = numbers().map(i => `w${i}`);
    same(
      await words.sample(false, 0.1, 9).collect(),
      plain.map(i => `w${i}`),
    );
    const boxed = numbers().mapPartitions(function* (all) {
      for (const row of all) yield { row };
    });
    same(
      await boxed.sample(false, 0.1, 9).collect(),
      plain.map(row => ({ row })),
    );
    const cached = words.map(word => [word, 1]).cache();
    await cached.count();
    same(
      await cached.sample(false, 0.1, 9).keys().collect(),
      plain.map(i => `w${i}`),
    );
    await cached.unpersist({ blocking: true });
    same(
      await numbers()
        .mapAsync(async i => i)
        .sample(false, 0.1, 9)
        .collect(),
      plain,
    );
    same(
      await boxed
        .sample(true, 3, 9)
        .map(({ row }) => row)
        .collect(),
      await numbers().sample(true, 3, 9).collect(),
    );
  });

  test("without a seed each call draws its own, and its Rdd gives the same rows again", async () => {
    const [one, other] = [numbers().sample(false, 0.5), numbers().sample(false, 0.5)];
    const first = await one.collect();
    same(await one.collect(), first);
    expect(await other.collect()).not.toEqual(first);
    expect(await numbers().sample(false, 0.5, 1).collect()).not.toEqual(
      await numbers()
        .sample(false, 0.5, 1 + 2 ** 32)
        .collect(),
    );
    expect(await numbers().takeSample(false, 5)).not.toEqual(await numbers().takeSample(false, 5));
  });

  test("the parts of randomSplit have nothing in common, are all rows, and have their weights", async () => {
    const weights = [3, 0, 1, 0.5, 0.5, 0];
    const parts = await Promise.all(
      numbers()
        .randomSplit(weights, 11)
        .map(part => part.collect()),
    );
    same(
      parts.flat().toSorted((a, b) => a - b),
      await numbers().collect(),
    );
    parts.forEach((part, i) => {
      const wanted = (rows * weights[i]!) / 5;
      expect(Math.abs(part.length - wanted)).toBeLessThan(1e-9 + slack(rows, weights[i]! / 5));
    });
    same(await numbers().randomSplit([5], 1)[0]!.count(), rows);
    const [a, b] = ctx
      .parallelize([1, 2, 3], 2)
      .map(i => ({ i }))
      .randomSplit([1, 1]) as [Rdd<{ i: number }>, Rdd<{ i: number }>];
    same((await a.count()) + (await b.count()), 3);
  });

  test("takeSample gives exactly as many rows, each as likely as another, in random order", async () => {
    const sample = await numbers(7).takeSample(false, 2000, 5);
    same(new Set(sample).size, 2000);
    expect(sample).not.toEqual(sample.toSorted((a, b) => a - b));
    const low = sample.filter(row => row < rows / 4).length;
    expect(Math.abs(low - 500)).toBeLessThan(slack(2000, 0.25));
    const early = sample.slice(0, 1000).filter(row => row < rows / 2).length;
    expect(Math.abs(early - 500)).toBeLessThan(slack(1000, 0.5));
    same(await numbers(7).takeSample(false, 2000, 5), sample);

    const all = await ctx.range(0, 10, 1, 3).takeSample(false, 50, 5);
    same(
      all.toSorted((a, b) => a - b),
      await ctx.range(10).collect(),
    );
    const often = await ctx.range(0, 10, 1, 3).takeSample(true, 1000, 5);
    same(often.length, 1000);
    for (let row = 0; row < 10; row++)
      expect(Math.abs(often.filter(each => each === row).length - 100)).toBeLessThan(slack(1000, 0.1));
    same(await numbers().takeSample(false, 0), []);
    same(await ctx.parallelize<number>([]).takeSample(true, 5), []);
    same(
      await ctx
        .range(5)
        .filter(() => false)
        .takeSample(true, 5),
      [],
    );
  });

  test("takeSample is one job of two stages", async () => {
    takeEvents();
    await numbers().takeSample(false, 10, 1);
    const events = takeEvents();
    same(events.filter(event => event.type === "jobStarted").length, 1);
    same(events.filter(event => event.type === "stageCompleted").length, 2);
  });

  test("sampleByKey takes each key's pairs by its fraction; keys are equal by value", async () => {
    for (const withReplacement of [false, true]) {
      const sample = await pairs().sampleByKey(withReplacement, fractions, 3).collect();
      const [zeros, ones] = [0, 1].map(n => sample.filter(([key]) => key[1] === n).length);
      expect(Math.abs(zeros! - (rows / 3) * 0.25)).toBeLessThan(slack(rows / 3, 0.25));
      expect(Math.abs(ones! - (rows / 3) * 2 * 0.011)).toBeLessThan(slack((rows / 3) * 2, 0.011));
      const exact = await pairs().sampleByKeyExact(withReplacement, fractions, 3).collect();
      same(exact.filter(([key]) => key[1] === 0).length, Math.ceil(6667 * 0.25));
      same(exact.filter(([key]) => key[1] === 1).length, Math.ceil(13333 * 0.011));
      if (!withReplacement) same(new Set(exact.map(([, i]) => i)).size, exact.length);
      same(
        exact,
        exact.toSorted((a, b) => a[1] - b[1]),
      );
    }
    const partitioned = ctx
      .range(20)
      .map(i => [i % 2, i])
      .partitionBy(3);
    const sampled = partitioned.sampleByKey(
      false,
      new Map([
        [0, 1],
        [1, 0],
      ]),
      3,
    );
    same(sampled.partitioner, { kind: "hash", numPartitions: 3 });
    same(await sampled.values().sum(), 90);
    same(
      await partitioned
        .sampleByKeyExact(
          false,
          new Map([
            [0, 0.3],
            [1, 1],
          ]),
          3,
        )
        .count(),
      13,
    );
  });

  test("a key without a fraction is named, when the job runs", async () => {
    const some = new Map([[0, 0.5]]);
    const keyed = numbers().map(i => [i % 2, i]);
    for (const sampled of [keyed.sampleByKey(false, some), keyed.sampleByKeyExact(false, some)]) {
      const error = await failure(() => sampled.count());
      expect(error.message).toMatch(/: sampleByKey(Exact)? has no fraction for the key 1$/);
      expect(error).toMatchObject({ kind: "user", hint: "give every key a fraction: 0 leaves its rows out" });
    }
    const notPairs = numbers(1).map(i => ({ i })) as never as Rdd<[number, number]>;
    expect((await failure(() => notPairs.sampleByKey(false, some).count())).message).toEndWith(
      ': sampleByKey needs pairs, but a row is {"i":0}',
    );
  });

  test("rows that are others each time are noticed by samples of an exact size", async () => {
    // as many as the number of the stage that computes them
    const changing = numbers(1).mapPartitions(all => [...all].slice(0, taskContext().stageId));
    const error = await failure(() => changing.takeSample(false, 10));
    expect(error.message).toMatch(/: takeSample counted \d+ rows in partition 0, and then read more$/);
    expect(error.hint).toBe("what makes the rows gives others each time: cache() them first");
  });

  test("what is no sample is refused at its line", async () => {
    const keyed = ctx.range(3).map(i => [i, i]);
    const cases: [() => unknown, string][] = [
      [() => numbers().sample(false, 1.5), "sample needs a fraction from 0 to 1, but got 1.5"],
      [() => numbers().sample(false, -0.1), "sample needs a fraction from 0 to 1, but got -0.1"],
      [() => numbers().sample(true, -1), "sample needs a fraction 0 or more, but got -1"],
      [() => numbers().sample(false, NaN), "sample needs a fraction from 0 to 1, but got NaN"],
      [() => numbers().sample(true, Infinity), "sample needs a fraction 0 or more, but got Infinity"],
      [() => numbers().sample(0.5 as never, 3), "sample needs true or false for withReplacement first, but got 0.5"],
      [() => numbers().sample(false, 0.5, 1.5), "sample needs a seed that is a safe integer, but got 1.5"],
      [() => numbers().sample(false, 0.5, "x" as never), 'sample needs a seed that is a safe integer, but got "x"'],
      [() => numbers().randomSplit([]), "randomSplit needs an array of weights, but got []"],
      [() => numbers().randomSplit(0.5 as never), "randomSplit needs an array of weights, but got 0.5"],
      [() => numbers().randomSplit([1, -1]), "randomSplit needs weights that are 0 or more, but weight 1 is -1"],
      [() => numbers().randomSplit([0, 0]), "randomSplit cannot split: all weights are 0"],
      [() => numbers().takeSample(false, -1), "takeSample needs a number of rows, 0 or more, but got -1"],
      [
        () => numbers().takeSample(false, 5, 2 ** 60),
        "takeSample needs a seed that is a safe integer, but got 1152921504606847000",
      ],
      [() => keyed.sampleByKey(false, { a: 1 } as never), 'sampleByKey needs a Map of fractions, but got {"a":1}'],
      [
        () => keyed.sampleByKey(false, new Map([[1, 2]])),
        "sampleByKey needs a fraction from 0 to 1, but got 2 for the key 1",
      ],
      [
        () => keyed.sampleByKeyExact(true, new Map([[1, -2]])),
        "sampleByKeyExact needs a fraction 0 or more, but got -2 for the key 1",
      ],
    ];
    for (const [run, message] of cases) {
      const error = await failure(run);
      expect(error.message).toBe(message);
      expect(error.kind).toBe("user");
      expect(error.at?.file).toBe("test/api/suites/sampling.ts");
    }
  });
}
