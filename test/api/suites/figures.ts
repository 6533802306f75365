/**
 * What stages are said to have read and written: rows once each, where they enter and leave a task, whether functions run as generated
 * code or as JavaScript, on threads or on executors; bytes as they lie in files.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addMetrics, type TaskMetrics, zeroMetrics } from "../../../src/base/events.ts";
import { StorageLevel } from "../../../src/index.ts";
import type { SuiteTools } from "../suite.ts";

type Figure = "input" | "read" | "write" | "files" | "driver";
type Figures = Readonly<Partial<Record<Figure, number>>>;

export default function figures({ ctx, test, expect, same, takeEvents, newFolder }: SuiteTools): void {
  const folder = newFolder();

  /** By stage, in order of submission: the sums of its tasks that succeeded. */
  const measured = async (run: () => Promise<unknown>): Promise<TaskMetrics[]> => {
    takeEvents();
    await run();
    const sums = new Map<number, Record<keyof TaskMetrics, number>>();
    for (const event of takeEvents()) {
      if (event.type !== "taskEnded" || event.metrics === undefined) continue;
      const sum = sums.get(event.stage) ?? { ...zeroMetrics };
      addMetrics(sum, event.metrics);
      sums.set(event.stage, sum);
    }
    return [...sums].sort(([a], [b]) => a - b).map(([, sum]) => sum);
  };

  /** Rows alone, without those that are 0. */
  const rows = async (run: () => Promise<unknown>): Promise<Figures[]> => {
    return (await measured(run)).map(each => {
      const { inputRows: input, shuffleReadRows: read, shuffleWriteRows: write } = each;
      const all = { input, read, write, files: each.outputRows, driver: each.resultRows };
      return Object.fromEntries(Object.entries(all).filter(([, value]) => value > 0));
    });
  };

  const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} of é`);
  const path = join(folder, "lines.txt");
  writeFileSync(path, `${lines.join("\n")}\n`);
  const fileBytes = statSync(path).size;

  const numbers = (count: number, partitions = 3) => ctx.range(0, count, 1, partitions);
  const pairs = (count: number, keys: number, partitions = 3) =>
    numbers(count, partitions).map(i => [i % keys, i] as [number, number]);
  /** Of no generated code. */
  const opaque = (i: number): number => [...new Map([[i, i]]).keys()][0]!;

  test("ranges and collections: each row once", async () => {
    same(
      await rows(() =>
        numbers(1000)
          .map(i => i * 2)
          .collect(),
      ),
      [{ input: 1000, driver: 1000 }],
    );
    same(
      await rows(() =>
        numbers(1000)
          .map(opaque)
          .filter(i => i < 10)
          .collect(),
      ),
      [{ input: 1000, driver: 10 }],
    );
    same(await rows(() => numbers(20_000).filter(i => i % 2 === 0).map(opaque).map(i => i + 1).count()), [{ input: 20_000 }]); // prettier-ignore
    same(
      await rows(() =>
        ctx
          .parallelize([3, 1, 2], 2)
          .map(i => i + 1)
          .sum(),
      ),
      [{ input: 3 }],
    );
    same(await rows(() => ctx.parallelize([3, 1, 2], 5).collect()), [{ input: 3, driver: 3 }]);
    same(
      await rows(() =>
        numbers(1000)
          .flatMap(i => [i, i, i])
          .count(),
      ),
      [{ input: 1000 }],
    );
    same(await rows(() => numbers(1000).reduce((a, b) => a + b)), [{ input: 1000 }]);
    same(await rows(() => numbers(1000, 2).takeOrdered(3)), [{ input: 1000, driver: 6 }]);
    // larger than what plans carry along
    const many = Array.from({ length: 60_000 }, (_, i) => `row ${i}`);
    same(await rows(() => ctx.parallelize(many, 2).count()), [{ input: 60_000 }]);
  });

  test("saved text: rows of kernels and rows of JavaScript, none of them less than none", async () => {
    const made = [
      numbers(6000).map(i => `${i}\t${i * 2}`),
      // no kernel writes fractions
      numbers(6000).map(i => `${i / 7}`),
      numbers(6000).map(i => ["a", "b"][i % 2]!),
      numbers(6000),
      numbers(6000).map(opaque),
    ];
    for (const [i, rdd] of made.entries()) {
      const [stage] = await measured(() => rdd.saveAsTextFile(join(folder, `made-${i}`)));
      expect(stage!.outputRows).toBe(6000);
      expect(Math.min(stage!.kernelRows, stage!.jsRows)).toBeGreaterThanOrEqual(0);
      expect(stage!.kernelRows + stage!.jsRows).toBeGreaterThanOrEqual(6000);
    }
  });

  test("text files: lines, whatever is made of them, and the bytes of the file", async () => {
    const read = () => ctx.textFile(path, 3);
    const whole = [
      () => read().count(),
      () => read().map(line => line.length).sum(),
      () => read().flatMap(line => line.split(" ")).map(word => [word, 1] as [string, number]).countByKey(),
      () => read().map(line => opaque(line.length)).count(),
      () => read().mapPartitions(given => [[...given].length]).collect(),
    ]; // prettier-ignore
    for (const run of whole) {
      const [first] = await measured(run);
      // a split is read a little beyond its end, where its last line ends
      expect(first!.inputRows).toBe(5000);
      expect(first!.inputBytes).toBeGreaterThanOrEqual(fileBytes);
      expect(first!.inputBytes).toBeLessThan(fileBytes * 4);
    }
    const [one] = await measured(() => ctx.textFile(path, 1).count());
    expect([one!.inputRows, one!.inputBytes]).toEqual([5000, fileBytes]);
  });

  test("a cached Rdd: the first pass counts what it is made of, later ones what is kept", async () => {
    const kept = numbers(30_000)
      .map(i => i * 3)
      .cache();
    same(await rows(() => kept.count()), [{ input: 30_000 }]);
    const [second] = await measured(() => kept.map(i => i + 1).sum());
    expect(second!.inputRows).toBe(30_000);
    expect(second!.inputBytes).toBeGreaterThan(30_000);
    same(await rows(() => kept.map(opaque).collect()), [{ input: 30_000, driver: 30_000 }]);
    kept.unpersist();
    same(await rows(() => kept.count()), [{ input: 30_000 }]);

    const lengths = ctx
      .textFile(path, 2)
      .map(line => line.length)
      .cache();
    expect((await measured(() => lengths.count()))[0]!.inputBytes).toBeGreaterThanOrEqual(fileBytes);
    const [again] = await measured(() => lengths.count());
    expect([again!.inputRows, again!.inputBytes > 0, again!.inputBytes < fileBytes]).toEqual([5000, true, true]);

    for (const level of [StorageLevel.DISK_ONLY, StorageLevel.MEMORY_ONLY_SER]) {
      const stored = numbers(20_000, 2)
        .map(i => `row ${i}`)
        .persist(level);
      for (let pass = 0; pass < 2; pass++) same(await rows(() => stored.count()), [{ input: 20_000 }]);
    }
  });

  test("a cached Rdd of a shuffle, and one that has no room", async () => {
    const sums = pairs(9000, 300)
      .reduceByKey((a, b) => a + b, 2)
      .cache();
    same(await rows(() => sums.count()), [{ input: 9000, write: 900 }, { read: 900 }]);
    same(await rows(() => sums.count()), [{ input: 300 }]);
    const large = numbers(200_000, 1)
      .map(i => `${i} of many ${"x".repeat(400)}`)
      .cache();
    for (let pass = 0; pass < 2; pass++) {
      const [counted] = await measured(() => large.count());
      // ranges have no bytes, what is kept has
      expect([counted!.inputRows, counted!.inputBytes]).toEqual([200_000, 0]);
    }
    large.unpersist();
  });

  test("shuffles: what map tasks write after combining is what others read", async () => {
    same(
      await rows(() =>
        pairs(9000, 300)
          .reduceByKey((a, b) => a + b, 2)
          .collect(),
      ),
      [
        { input: 9000, write: 900 },
        { read: 900, driver: 300 },
      ],
    );
    same(
      await rows(() =>
        pairs(9000, 300)
          .groupByKey(2)
          .mapValues(values => values.length)
          .count(),
      ),
      [{ input: 9000, write: 9000 }, { read: 9000 }],
    );
    same(await rows(() => pairs(9000, 300).map(([k, v]) => [k, opaque(v)] as [number, number]).reduceByKey((a, b) => Math.max(opaque(a), b), 2).count()), [
      { input: 9000, write: 900 },
      { read: 900 },
    ]); // prettier-ignore
    same(
      await rows(() =>
        numbers(3000)
          .map(i => i % 10)
          .distinct(2)
          .collect(),
      ),
      [
        { input: 3000, write: 30 },
        { read: 30, driver: 10 },
      ],
    );
    const [write, read] = await measured(() => pairs(9000, 300).groupByKey(2).count());
    expect(write!.shuffleWriteBytes).toBeGreaterThan(9000);
    expect(read!.shuffleReadBytes).toBe(write!.shuffleWriteBytes);
  });

  test("joins: both sides once, and none of the pairs they make", async () => {
    same(await rows(() => pairs(600, 30).join(pairs(300, 30), 2).count()), [
      { input: 600, write: 600 },
      { input: 300, write: 300 },
      { read: 900 },
    ]);
    same(await rows(() => pairs(600, 30).cogroup(pairs(300, 30), 2).count()), [
      { input: 600, write: 600 },
      { input: 300, write: 300 },
      { read: 900 },
    ]);
    same(
      await rows(() =>
        pairs(600, 30)
          .subtractByKey(pairs(300, 10), 2)
          .mapValues(v => v + 1)
          .collect(),
      ),
      [
        { input: 600, write: 600 },
        { input: 300, write: 30 },
        { read: 630, driver: 400 },
      ],
    );
  });

  test("sorting reads its input once more, for a sample", async () => {
    const [sampled, written, sorted] = await rows(() => pairs(3000, 1000).sortByKey(true, 2).collect());
    same([sampled, written, sorted], [{ input: 3000 }, { input: 3000, write: 3000 }, { read: 3000, driver: 3000 }]);
  });

  test("whole partitions: what the function read, not what it gave", async () => {
    same(await rows(() => numbers(3000).mapPartitions(given => [[...given].length]).collect()), [{ input: 3000, driver: 3 }]); // prettier-ignore
    same(
      await rows(() =>
        numbers(3000)
          .map(i => i + 1)
          .glom()
          .collect(),
      ),
      [{ input: 3000, driver: 3 }],
    );
    same(await rows(() => numbers(3000).mapPartitionsWithIndex((_, given) => [...given, ...[1, 2]]).count()), [{ input: 3000 }]); // prettier-ignore
    same(
      await rows(() =>
        numbers(30)
          .mapAsync(async i => i + 1)
          .collect(),
      ),
      [{ input: 30, driver: 30 }],
    );
  });

  test("zip, cartesian, coalesce, union and sample", async () => {
    same(
      await rows(() =>
        numbers(600)
          .zip(numbers(600).map(i => -i))
          .collect(),
      ),
      [{ input: 1200, driver: 600 }],
    );
    same(await rows(() => numbers(60, 3).zipWithIndex().collect()), [{ input: 40 }, { input: 60, driver: 60 }]);
    // every partition meets every other
    same(await rows(() => numbers(60, 2).cartesian(numbers(30, 3)).count()), [{ input: 60 * 3 + 30 * 2 }]);
    same(
      await rows(() =>
        numbers(600, 6)
          .coalesce(2)
          .map(i => i + 1)
          .count(),
      ),
      [{ input: 600 }],
    );
    same(await rows(() => numbers(600, 6).map(i => i + 1).repartition(2).count()), [{ input: 600, write: 600 }, { read: 600 }]); // prettier-ignore
    same(await rows(() => numbers(600).union(numbers(300)).union(ctx.parallelize([1, 2])).map(i => i + 1).count()), [{ input: 902 }]); // prettier-ignore
    same(await rows(() => numbers(10_000).sample(false, 0.1, 7).count()), [{ input: 10_000 }]);
    same(
      await rows(() =>
        numbers(1000)
          .map(i => i + 1)
          .sample(true, 2, 7)
          .count(),
      ),
      [{ input: 1000 }],
    );
  });

  test("actions that stop count the batches they took", async () => {
    for (const function_ of [(i: number) => i + 1, opaque]) {
      same(await rows(() => numbers(30_000).map(function_).take(5)), [{ input: 10_000, driver: 5 }]);
      const [of] = await measured(() =>
        ctx
          .textFile(path, 1)
          .map(line => function_(line.length))
          .take(5),
      );
      expect(of!.resultRows).toBe(5);
      expect(of!.inputRows).toBeGreaterThanOrEqual(5);
      expect(of!.inputRows).toBeLessThanOrEqual(5000);
    }
    same(await rows(() => numbers(30_000).mapPartitions(given => [given.next().value]).collect()), [{ input: 30_000, driver: 3 }]); // prettier-ignore
  });

  test("saved files: rows and bytes as they lie there", async () => {
    const sizeOf = (out: string) =>
      readdirSync(out).filter(name => name.startsWith("part-")).reduce((sum, name) => sum + statSync(join(out, name)).size, 0); // prettier-ignore
    const [plain, packed, objects] = ["plain", "packed", "objects"].map(name => join(folder, name));
    const words = () => numbers(3000).map(i => `word ${i}`);
    for (const [out, save] of [
      [plain!, () => words().saveAsTextFile(plain!)],
      [packed!, () => words().saveAsTextFile(packed!, { codec: "gzip" })],
      [objects!, () => words().saveAsObjectFile(objects!)],
    ] as const) {
      const [saved] = await measured(save);
      expect([saved!.inputRows, saved!.outputRows, saved!.outputBytes]).toEqual([3000, 3000, sizeOf(out)]);
      expect(saved!.resultRows).toBe(0);
    }
    expect(readFileSync(join(plain!, "part-00000"), "utf8")).toStartWith("word 0\n");
    same(await rows(() => ctx.objectFile<string>(objects!).count()), [{ input: 3000 }]);
    const [read] = await measured(() =>
      ctx
        .textFile(packed!)
        .map(word => word.length)
        .sum(),
    );
    // before they are unpacked
    expect([read!.inputRows, read!.inputBytes]).toEqual([3000, sizeOf(packed!)]);
  });

  test("other files count rows, not lines", async () => {
    const csv = join(folder, "rows.csv");
    const json = join(folder, "rows.json");
    writeFileSync(csv, `a,b\n${Array.from({ length: 4000 }, (_, i) => `${i},x${i}`).join("\n")}\n`);
    writeFileSync(json, Array.from({ length: 4000 }, (_, i) => JSON.stringify({ a: i })).join("\n"));
    for (const run of [
      () => ctx.csvFile(csv).count(),
      () =>
        ctx
          .csvFile(csv)
          .map(row => opaque(Number(row["a"])))
          .count(),
      () =>
        ctx
          .jsonFile<{ a: number }>(json)
          .map(row => row.a)
          .sum(),
      () =>
        ctx
          .jsonFile<{ a: number }>(json)
          .map(row => opaque(row.a))
          .count(),
    ]) {
      const sums = await measured(run);
      expect(sums.at(-1)!.inputRows).toBe(4000);
    }
    same(await rows(() => ctx.wholeTextFiles(join(folder, "rows.*")).count()), [{ input: 2 }]);
  });
}
