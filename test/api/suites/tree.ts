/** Folds in several steps: the order is that of the partitions, whatever the depth, and steps are shuffles of few rows. */
import type { SuiteTools } from "../suite.ts";

export default function tree({ ctx, test, expect, same, failure, takeEvents, lineOf }: SuiteTools): void {
  const words = (partitions: number) => ctx.range(0, 200, 1, partitions).map(i => `${i}`);
  const text = Array.from({ length: 200 }, (_, i) => `${i}`).join(",");

  test("the order of rows is kept, so that functions need be associative only", async () => {
    for (const [partitions, depth] of [
      [1, 2],
      [2, 3],
      [7, 2],
      [30, 1],
      [30, 2],
      [30, 5],
      [70, 3],
    ] as const) {
      same(await words(partitions).treeReduce((a, b) => `${a},${b}`, depth), text);
      const lists = await words(partitions).treeAggregate(
        [] as string[],
        (list, word) => {
          list.push(word);
          return list;
        },
        (a, b) => [...a, ...b],
        depth,
      );
      same(lists.join(","), text);
    }
  });

  test("they give what reduce and aggregate give, empty partitions and all", async () => {
    const few = ctx.parallelize([3, 1, 2], 40);
    same(await few.treeReduce((a, b) => a * 10 + b), 312);
    same(
      await few.treeAggregate(
        0,
        (sum, row) => sum + row,
        (a, b) => a + b,
        3,
      ),
      6,
    );
    // a zero value that is not neutral starts every partition, and the driver
    same(
      await few.treeAggregate(
        1,
        (sum, row) => sum + row,
        (a, b) => a + b,
      ),
      await few.aggregate(
        1,
        (sum, row) => sum + row,
        (a, b) => a + b,
      ),
    );
    same(
      await ctx.parallelize<number>([]).treeAggregate(
        0,
        (a, b) => a + b,
        (a, b) => a + b,
      ),
      0,
    );
    same(
      await ctx.parallelize<number>([]).treeAggregate(
        { n: 5 },
        a => a,
        a => a,
      ),
      { n: 5 },
    );
    const sums = ctx.range(0, 1000, 1, 50).map(i => i * 0.1);
    same(await sums.treeReduce((a, b) => a + b, 2), await sums.treeReduce((a, b) => a + b, 2));
  });

  test("there are as many steps as Spark takes, and one row a partition is shuffled", async () => {
    for (const [partitions, depth, stages] of [
      [100, 1, 1],
      [4, 2, 1],
      [30, 2, 2],
      [30, 3, 3],
      [100, 2, 2],
    ] as const) {
      takeEvents();
      await words(partitions).treeReduce((a, b) => (a > b ? a : b), depth);
      same(
        [partitions, depth, takeEvents().filter(event => event.type === "stageCompleted").length],
        [partitions, depth, stages],
      );
    }
  });

  test("what a function throws is named, in a task and on the driver", async () => {
    const rows = ctx.range(0, 50, 1, 50);
    const error = await failure(() =>
      rows.treeReduce((a, b) => {
        if (b > 30) throw new Error(`${b} is too much`); // thrown
        return a + b;
      }),
    );
    expect(error.message).toContain("is too much");
    expect(error.at?.line).toBe(lineOf("thrown"));
  });

  test("what joins results on the driver is checked as what runs in tasks is", async () => {
    const rows = ctx.range(0, 8, 1, 4);
    const none = await failure(() => rows.aggregate(0, (a, b) => a + b, undefined as never)); // no combOp
    expect([none.message, none.at?.line]).toEqual([
      "aggregate needs a function as combOp, but got undefined",
      lineOf("no combOp"),
    ]);
    const later = (async (a: number, b: number) => a + b) as never;
    expect((await failure(() => rows.aggregate(0, (a, b) => a + b, later))).message).toBe(
      "the function given to aggregate returned a Promise",
    );
    // each partition has one row: no task calls it
    const promising = ((a: number, b: number) => Promise.resolve(a + b)) as never;
    expect((await failure(() => ctx.range(0, 4, 1, 4).reduce(promising))).message).toContain("returned a Promise");
    const one = ctx.range(0, 5, 1, 1);
    for (const run of [() => one.reduce(promising), () => one.fold(0, promising), () => one.treeReduce(promising)]) {
      const { message, hint } = await failure(run);
      expect(message).toEndWith(" failed: its function returned a Promise");
      expect(hint).toBe("use mapAsync for asynchronous functions");
    }
  });

  test("misuse is refused at its line", async () => {
    const rows = ctx.range(5);
    const cases: [() => unknown, string][] = [
      [() => rows.treeReduce((a, b) => a + b, 0), "treeReduce needs a depth that is a positive integer, but got 0"],
      [() => rows.treeReduce((a, b) => a + b, 1.5), "treeReduce needs a depth that is a positive integer, but got 1.5"],
      [
        () =>
          rows.treeAggregate(
            0,
            (a, b) => a + b,
            (a, b) => a + b,
            -1,
          ),
        "treeAggregate needs a depth that is a positive integer, but got -1",
      ],
      [() => ctx.parallelize<number>([], 30).treeReduce((a, b) => a + b), "treeReduce() of an empty Rdd"],
      [() => ctx.parallelize<number>([]).treeReduce((a, b) => a + b), "treeReduce() of an empty Rdd"],
    ];
    for (const [run, message] of cases) {
      const error = await failure(run);
      expect(error.message).toBe(message);
      expect(error.at?.file).toBe("test/api/suites/tree.ts");
    }
    const zero = () => 1;
    const error = await failure(() =>
      rows.treeAggregate(
        zero as never,
        (a: never) => a,
        (a: never) => a,
      ),
    );
    expect(error.message).toContain("the zero value");
  });
}
