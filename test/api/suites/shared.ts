/** What tasks share with the driver: accumulators, broadcasts, the task's context and local properties. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FiresteelError, type Rdd, taskContext } from "firesteel";
import type { SuiteTools } from "../suite.ts";

class Tally {
  constructor(public counts = new Map<string, number>()) {}
  add(other: Tally): Tally {
    for (const [key, n] of other.counts) this.counts.set(key, (this.counts.get(key) ?? 0) + n);
    return this;
  }
}

export default function shared(tools: SuiteTools): void {
  const { ctx, test, expect, same, failure, takeWarnings } = tools;

  test("long and double accumulators sum over tasks and on the driver", async () => {
    const long = ctx.longAccumulator("rows");
    const double = ctx.doubleAccumulator();
    long.add(5);
    await ctx.range(0, 100, 1, 7).foreach(i => {
      long.add(1);
      double.add(i / 2);
    });
    expect([long.value, double.value, long.name, double.name]).toEqual([105, 2475, "rows", undefined]);
    long.reset();
    expect(long.value).toBe(0);
  });

  test("a long accumulator refuses other numbers", async () => {
    const long = ctx.longAccumulator();
    expect((await failure(() => long.add(0.5))).message).toBe("a longAccumulator adds integers, but got 0.5");
    const error = await failure(() => ctx.range(3).foreach(i => long.add(i / 2)));
    expect([error.kind, error.hint]).toEqual(["user", "use a doubleAccumulator for other numbers"]);
  });

  test("a double accumulator adds in partition order, so its bits are the same every time", async () => {
    const sums = new Set<number>();
    for (let round = 0; round < 4; round++) {
      const sum = ctx.doubleAccumulator();
      await ctx.range(0, 40, 1, 20).foreach(i => sum.add(0.1 * i ** 3));
      sums.add(sum.value);
    }
    expect(sums.size).toBe(1);
  });

  test("a collection accumulator keeps the order of partitions and rows", async () => {
    const seen = ctx.collectionAccumulator<string>();
    await ctx.parallelize(["a", "b", "c", "d", "e"], 5).foreach(row => seen.add(row));
    const value = seen.value;
    same(value, ["a", "b", "c", "d", "e"]);
    value.push("x");
    seen.add("f");
    same(seen.value, ["a", "b", "c", "d", "e", "f"]);
  });

  test("a custom accumulator starts from copies of its zero", async () => {
    const zero = new Tally();
    const tally = ctx.accumulator(zero, (a, b) => a.add(b));
    await ctx.parallelize(["x", "y", "x"], 3).foreach(word => tally.add(new Tally(new Map([[word, 1]]))));
    same(
      tally.value.counts,
      new Map([
        ["x", 2],
        ["y", 1],
      ]),
    );
    expect(tally.value instanceof Tally).toBe(true);
    expect(zero.counts.size).toBe(0);
    tally.reset();
    expect(tally.value.counts.size).toBe(0);
  });

  test("amounts of attempts that failed are not counted", async () => {
    const sum = ctx.longAccumulator();
    await ctx.range(0, 10, 1, 5).foreach(i => {
      sum.add(1);
      if (taskContext().attemptNumber < 2 && i % 2 === 1) throw new Error("flaky");
    });
    expect(sum.value).toBe(10);
    expect(takeWarnings().filter(each => each.includes("flaky")).length).toBe(10);
  });

  test("accumulators of skipped stages are not added again, those of actions are", async () => {
    const made = ctx.longAccumulator();
    const read = ctx.longAccumulator();
    const counts = ctx
      .range(0, 6, 1, 2)
      .map(i => {
        made.add(1);
        return [i % 2, 1];
      })
      .reduceByKey((a, b) => a + b);
    for (let i = 0; i < 3; i++) await counts.foreach(() => read.add(1));
    expect([made.value, read.value]).toEqual([6, 6]);
  });

  test("an accumulator's value cannot be read in a task", async () => {
    const sum = ctx.longAccumulator();
    const error = await failure(() =>
      ctx
        .range(1)
        .map(() => sum.value)
        .collect(),
    );
    expect(error.message).toContain("accumulator.value cannot be read inside a task");
    expect(error.hint).toBe("read it on the driver, after the action");
  });

  test("broadcast values reach tasks, whatever they are", async () => {
    const table = ctx.broadcast(
      new Map([
        [1, { name: "one" }],
        [2, { name: "two" }],
      ]),
    );
    const tally = ctx.broadcast(new Tally(new Map([["k", 3]])));
    same(
      await ctx
        .range(1, 3)
        .map(i => table.value.get(i)!.name + tally.value.counts.get("k"))
        .collect(),
      ["one3", "two3"],
    );
    expect(table.value.size).toBe(2);
    table.unpersist();
    same(
      await ctx
        .range(1, 2)
        .map(i => table.value.get(i)!.name)
        .collect(),
      ["one"],
    );
  });

  test("large broadcast values are the same in every thread, and nobody's copy is another's", async () => {
    const names = ctx.broadcast(Array.from({ length: 20_000 }, (_, i) => `näme ${i}`));
    const numbers = ctx.broadcast(new Float64Array(50_000).fill(0.5));
    const read = () =>
      ctx
        .range(0, 8, 1, 8)
        .map(i => {
          const known = numbers.value[i]!;
          numbers.value[i] = -1;
          return [names.value[1000 * i], known, numbers.value.buffer instanceof SharedArrayBuffer];
        })
        .collect();
    const expected = Array.from({ length: 8 }, (_, i) => [`näme ${1000 * i}`, 0.5, false]);
    same(await read(), expected);
    numbers.unpersist();
    same(await read(), expected);
  });

  test("a destroyed broadcast is refused, on the driver and in tasks", async () => {
    const table = ctx.broadcast([1, 2, 3]);
    const rows = ctx.range(1).map(i => table.value[i]);
    same(await rows.collect(), [1]);
    table.destroy();
    const inTask = await failure(() => rows.collect());
    expect(inTask.kind).toBe("user");
    expect(inTask.message).toContain("was destroyed");
    expect(inTask.hint).toBe("destroy a broadcast only after the last job that uses it");
    expect((await failure(() => table.value)).message).toContain("was destroyed");
    const captured = await failure(() => ctx.range(1).map(() => table.value)); // captured when destroyed
    expect(captured.message).toContain("was destroyed");
    expect([captured.at?.file, captured.at?.line]).toEqual([tools.file, tools.lineOf("captured when destroyed")]);
  });

  test("broadcasts that are destroyed before executors have them harm nobody", async () => {
    tools.takeEvents();
    for (let i = 0; i < 50; i++) ctx.broadcast(i).destroy();
    expect(await ctx.range(0, 4, 1, 4).count()).toBe(4);
    expect(tools.takeEvents().some(event => event.type === "executorLost")).toBe(false);
  });

  test("a task knows its partition, stage and attempt", async () => {
    const rows = await ctx
      .range(0, 3, 1, 3)
      .map(i => {
        const { partitionId, stageId, attemptNumber, taskAttemptId } = taskContext();
        if (i === 1 && attemptNumber === 0) throw new Error("once");
        return [partitionId, stageId, attemptNumber, taskAttemptId];
      })
      .collect();
    same(
      rows.map(row => row[0]),
      [0, 1, 2],
    );
    expect(new Set(rows.map(row => row[1])).size).toBe(1);
    same(
      rows.map(row => row[2]),
      [0, 1, 0],
    );
    expect(new Set(rows.map(row => row[3])).size).toBe(3);
    expect((await failure(() => taskContext())).message).toBe("taskContext() was called outside a task");
    takeWarnings();
  });

  test("local properties are those of the moment an action is called", async () => {
    const read = ctx.range(0, 2, 1, 2).map(() => taskContext().localProperty("color") ?? "none");
    ctx.setLocalProperty("color", "red");
    const red = read.collect();
    ctx.setLocalProperty("color", "blue");
    const blue = read.take(2);
    expect(ctx.getLocalProperty("color")).toBe("blue");
    ctx.setLocalProperty("color", null);
    const none = read.collect();
    expect(ctx.getLocalProperty("color")).toBeUndefined();
    expect(await Promise.all([red, blue, none])).toEqual([
      ["red", "red"],
      ["blue", "blue"],
      ["none", "none"],
    ]);
  });

  test("captures are fresh in every attempt, and stay the driver's own", async () => {
    const seen: number[] = [];
    const sizes = await ctx
      .range(0, 6, 1, 3)
      .map(i => {
        seen.push(i);
        return seen.length;
      })
      .collect();
    same(sizes, [1, 2, 1, 2, 1, 2]);
    same(seen, []);
    expect(takeWarnings().some(each => each.includes("seen") && each.includes("accumulator"))).toBe(true);
  });

  test("a zero is copied for every partition and for the driver", async () => {
    const zero: string[] = [];
    const push = (list: string[], item: string) => {
      list.push(item);
      return list;
    };
    const rows = ctx.parallelize(["a", "b", "c"], 3);
    same(await rows.aggregate(zero, push, (a, b) => [...a, "|", ...b]), ["|", "a", "|", "b", "|", "c"]);
    same(
      await rows
        .map(row => [1, row])
        .aggregateByKey(zero, push, (a, b) => [...a, ...b])
        .collect(),
      [[1, ["a", "b", "c"]]],
    );
    same(zero, []);
  });

  test("functions may change what they fold into, and nothing else changes", async () => {
    type Tally = { n: Record<string, number> };
    const zero: Tally = { n: {} };
    const count = (tally: Tally, word: string) => {
      tally.n[word] = (tally.n[word] ?? 0) + 1;
      return tally;
    };
    const merge = (a: Tally, b: Tally) => {
      for (const [word, n] of Object.entries(b.n)) a.n[word] = (a.n[word] ?? 0) + n;
      return a;
    };
    const append = (a: string[], b: string[]) => {
      a.push(...b);
      return a;
    };
    const listed = (word: string): string[] => [word];
    const words = ctx.parallelize(["a", "b", "a", "c", "b", "a"], 4);
    const keyed = words.keyBy(word => word);
    const lists = words.map(listed);
    const tally = { n: { a: 3, b: 2, c: 1 } };
    same(await words.aggregate(zero, count, merge), tally);
    same(await words.treeAggregate(zero, count, merge), tally);
    same(await words.treeAggregate(zero, count, merge, 3), tally);
    same(await lists.fold([], append), ["a", "b", "a", "c", "b", "a"]);
    const kept = lists.cache();
    for (let round = 0; round < 2; round++) {
      same(await kept.reduce(append), ["a", "b", "a", "c", "b", "a"]);
      same(await kept.treeReduce(append), ["a", "b", "a", "c", "b", "a"]);
    }
    same(await kept.collect(), [["a"], ["b"], ["a"], ["c"], ["b"], ["a"]]);
    const byKey = {
      foldByKey: keyed.mapValues(listed).foldByKey([], append),
      foldInOnePartition: keyed.coalesce(1).mapValues(listed).foldByKey([], append),
      reduceByKey: keyed.mapValues(listed).reduceByKey(append),
      combineByKey: keyed.combineByKey(listed, (list, word) => append(list, [word]), append),
      aggregateByKey: keyed.aggregateByKey([] as string[], (list, word) => append(list, [word]), append),
    };
    for (const rdd of Object.values(byKey))
      tools.sameGroups(await rdd.collect(), [
        ["a", ["a", "a", "a"]],
        ["b", ["b", "b"]],
        ["c", ["c"]],
      ]);
    tools.sameGroups(await keyed.aggregateByKey(zero, count, merge).collect(), [
      ["a", { n: { a: 3 } }],
      ["b", { n: { b: 2 } }],
      ["c", { n: { c: 1 } }],
    ]);
    same(zero, { n: {} });
  });

  test("a job fails after as many attempts as the master allows", async () => {
    const attempts = ctx.range(1).map(() => {
      throw new RangeError(`attempt ${taskContext().attemptNumber}`);
    });
    const error: FiresteelError = await failure(() => attempts.collect());
    expect(error.message).toContain("failed 3 times; last: ");
    expect(error.message).toContain("RangeError: attempt 2");
    takeWarnings();
  });

  test("what bad input fails is not tried again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "firesteel-shared-"));
    try {
      const csv = join(folder, "rows.csv");
      writeFileSync(csv, "id\n1\n2,3\n");
      const rows = ctx.range(0, 6, 1, 2);
      const rounds = rows.map(x => x % 3);
      const notPairs = rows as unknown as Rdd<[number, number]>;
      const hopeless: Record<string, () => Promise<unknown>> = {
        "reduceByKey needs pairs": () => notPairs.reduceByKey((a, b) => a + b).collect(),
        "the comparator is not an order": () =>
          rounds.takeOrdered(3, (a, b) => (a === b ? 0 : (b - a + 3) % 3 === 1 ? -1 : 1)),
        "row is a function": () => rows.map(x => () => x).collect(),
        "zip needs equally many rows": () => rows.zip(rows.filter(x => x > 0)).collect(),
        "returned 7 for the key ": () =>
          rows
            .keyBy(x => x)
            .partitionBy({ numPartitions: 2, partition: () => 7 })
            .collect(),
        "malformed CSV": () => ctx.csvFile(csv, { schema: { id: "number" } }).collect(),
        "is no object file": () => ctx.objectFile(csv).collect(),
        "accumulator.value cannot be read": () => {
          const sum = ctx.longAccumulator();
          return rows.map(x => x + sum.value).collect();
        },
        "taskContext().barrier() was called in a stage without a barrier": () =>
          rows
            .mapAsync(async x => {
              await taskContext().barrier();
              return x;
            })
            .collect(),
      };
      for (const [says, run] of Object.entries(hopeless)) {
        const error = await failure(run);
        expect(error.message).toContain(says);
        expect(error.message).toMatch(/^task \d of stage \d+ \(.+?\) failed: /);
      }
      same(takeWarnings(), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
