/** Stages whose tasks run at the same time: meetings, messages, failures that have all run again, and what is refused. */
import { FiresteelError, type Rdd, taskContext } from "firesteel";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Suite } from "../suite.ts";

const suite: Suite = ({ ctx, test, expect, failure, takeWarnings, file, lineOf, nextEvent }) => {
  const isLocal = ctx.master.startsWith("local[");
  const tasks = 3;
  const numbers = () => ctx.range(0, 9, 1, tasks);

  test("tasks hear each other, by partition", async () => {
    const gathered = numbers()
      .barrier()
      .mapPartitions(async rows => {
        const task = taskContext();
        const first = await task.allGather(`${task.partitionId}: ${[...rows].join(" ")}`);
        await task.barrier();
        const second = await task.allGather(String(first.length + task.partitionId));
        return [[...first, ...second]];
      });
    const row = ["0: 0 1 2", "1: 3 4 5", "2: 6 7 8", "3", "4", "5"];
    expect(await gathered.collect()).toEqual([row, row, row]);
  });

  test("rows of tasks that wait for each other are counted in all of them", async () => {
    const rows = numbers()
      .barrier()
      .mapPartitions(async own => {
        await taskContext().barrier();
        return own;
      })
      .zipWithIndex();
    expect(rows.explain()).toContain("Stage 0, 3 tasks\n");
    expect(await rows.values().collect()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("nobody passes a barrier before the last has come", async () => {
    const folder = mkdtempSync(join(tmpdir(), "firesteel-barrier-"));
    const counts = await numbers()
      .barrier()
      .mapPartitionsWithIndex(async i => {
        const task = taskContext();
        const seen: number[] = [];
        for (let round = 1; round <= 5; round++) {
          writeFileSync(join(folder, `${round}-${i}`), "");
          await task.barrier();
          seen.push(readdirSync(folder).filter(name => name.startsWith(`${round}-`)).length);
        }
        return seen;
      })
      .collect();
    rmSync(folder, { recursive: true });
    expect(counts).toEqual(Array.from({ length: 15 }, () => tasks));
  });

  test("synchronous functions, generators, later operators and shuffles", async () => {
    const rows = numbers().barrier();
    expect(await rows.mapPartitions(part => [[...part].length]).collect()).toEqual([3, 3, 3]);
    const generated = rows.mapPartitions(async function* (part) {
      yield await taskContext().allGather("a");
      for (const n of part) yield [String(n)];
    });
    expect((await generated.map(row => row.join("")).collect()).slice(0, 4)).toEqual(["aaa", "0", "1", "2"]);
    const sums = rows
      .mapPartitionsWithIndex(async (i, part) => {
        const all = await taskContext().allGather(String([...part].reduce((a, b) => a + b, 0)));
        return all.map(text => [i, Number(text)]);
      })
      .reduceByKey((a, b) => a + b, 2)
      .collectAsMap();
    expect(await sums).toEqual(new Map([0, 1, 2].map(i => [i, 36])));
    const again = rows
      .mapPartitions(part => part.map(n => n + 1))
      .barrier()
      .mapPartitions(async part => [...part, ...(await taskContext().allGather("x"))].slice(0, 1));
    expect(await again.collect()).toEqual([1, 4, 7]);
  });

  test("tasks know where they all run", async () => {
    const infos = await numbers()
      .barrier()
      .mapPartitions(() => [
        taskContext()
          .getTaskInfos()
          .map(info => info.address),
      ])
      .collect();
    expect(infos[1]).toEqual(infos[0]!);
    expect(infos[0]).toHaveLength(tasks);
    if (isLocal) expect(infos[0]).toEqual(["localhost", "localhost", "localhost"]);
    else expect(infos[0]!.every(address => /^[\w.:[\]-]+:\d+$/.test(address))).toBe(true);
  });

  test("messages of megabytes together", async () => {
    const lengths = await numbers()
      .barrier()
      .mapPartitions(async () => {
        const task = taskContext();
        let total = 0;
        for (let round = 0; round < 3; round++) {
          const messages = await task.allGather(`${task.partitionId}\ud800`.repeat(100_000));
          total += messages.reduce((sum, text, i) => sum + (text.startsWith(`${i}\ud800`) ? text.length : 0), 0);
        }
        return [total];
      })
      .collect();
    expect(lengths).toEqual([1_800_000, 1_800_000, 1_800_000]);
  });

  test("when one fails, all run again, and accumulators count once", async () => {
    takeWarnings();
    const folder = mkdtempSync(join(tmpdir(), "firesteel-barrier-"));
    const adds = ctx.longAccumulator();
    const rows = await numbers()
      .barrier()
      .mapPartitionsWithIndex(async i => {
        const task = taskContext();
        adds.add(1);
        // this one has ended, and is to run again
        if (i === 0) return [[i, task.stageAttemptNumber]];
        const once = join(folder, "once");
        if (i === 1 && !existsSync(once)) {
          writeFileSync(once, "");
          throw new Error("first time");
        }
        return [[i, task.stageAttemptNumber]];
      })
      .collect();
    rmSync(folder, { recursive: true });
    expect(rows).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(adds.value).toBe(3);
    expect(takeWarnings().map(text => text.replace(/\d+:\d+/g, "N").replace(/stage \d+/, "stage N"))).toEqual([
      `task 1 of barrier stage N (collect at ${file}:N) failed: the function given to barrier().mapPartitionsWithIndex at ${file}:N threw Error: first time; all tasks of the stage run again (failure 1 of at most 3)`,
    ]);
  });

  test("when a task's thread or executor dies, the others do not wait for it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "firesteel-barrier-"));
    const rows = await numbers()
      .barrier()
      .mapPartitionsWithIndex(async i => {
        const task = taskContext();
        const once = join(folder, "once");
        if (i === 2 && !existsSync(once)) {
          writeFileSync(once, "");
          if (isLocal) {
            setTimeout(() => {
              throw new Error("stray");
            });
            await new Promise(() => {});
          } else process.kill(process.pid, "SIGKILL");
        }
        await task.barrier();
        return [task.stageAttemptNumber];
      })
      .repartition(2)
      .collect();
    expect(existsSync(join(folder, "once"))).toBe(true);
    rmSync(folder, { recursive: true });
    takeWarnings();
    expect(rows).toEqual([1, 1, 1]);
  });

  const failed = async (fn: (i: number) => Promise<number[]>) => {
    const { kind, message, hint } = await failure(() => numbers().barrier().mapPartitionsWithIndex(fn).collect());
    takeWarnings();
    return [kind, message.replace(/^.*failed: /, "").replace(/stage \d+/, "stage N"), hint];
  };
  const sameCalls = "have all tasks of a barrier stage call barrier() and allGather() equally often, in the same order";

  test("calls that cannot meet are refused", async () => {
    const [kind, message, hint] = await failed(async i => {
      if (i === 0) await taskContext().barrier();
      else await taskContext().allGather("");
      return [];
    });
    expect([kind, hint]).toEqual(["user", sameCalls]);
    expect(message).toMatch(
      /^task \d called (barrier|allGather)\(\) where task \d called (barrier|allGather)\(\) \(all/,
    );
    const [, once] = await failed(async i => {
      await taskContext().barrier();
      if (i !== 1) await taskContext().barrier();
      return [];
    });
    expect(once).toMatch(
      /^task [02] waits for the others once more, but task 1 has ended after 1 call of barrier\(\) or allGather\(\) \(all/,
    );
    expect(
      await failed(async () => {
        void taskContext().barrier();
        await taskContext().barrier();
        return [];
      }),
    ).toEqual([
      "user",
      `barrier() was called while the task still waits in an earlier call`,
      "await each call of barrier() and allGather()",
    ]);
    expect(await failed(async () => (await taskContext().allGather(5 as unknown as string)).map(Number))).toEqual([
      "user",
      `allGather needs a string, but got 5`,
      "JSON.stringify makes one of a value",
    ]);
    expect((await failed(async () => (await taskContext().allGather("x".repeat(524_289))).map(Number)))[1]).toBe(
      `a message given to allGather has more than 512 KB`,
    );
  });

  test("a barrier outside a barrier stage is refused", async () => {
    const outside = await failure(() =>
      ctx
        .range(0, 1, 1, 1)
        .mapAsync(() => taskContext().allGather("")) // outside
        .collect(),
    );
    expect(outside.message).toContain("taskContext().allGather() was called in a stage without a barrier");
    expect(outside.at).toMatchObject({ file, line: lineOf("outside") });
    takeWarnings();
  });

  test("a waiting task is cancelled", async () => {
    const ended = failure(() =>
      numbers()
        .barrier()
        .mapPartitionsWithIndex(async i => {
          const task = taskContext();
          if (i === 1) while (!task.isInterrupted) await new Promise(resolve => setTimeout(resolve, 5));
          await task.barrier();
          return [i];
        })
        .collect(),
    );
    await nextEvent("taskStarted");
    ctx.cancelAllJobs();
    expect((await ended).kind).toBe("cancelled");
    expect(await numbers().count()).toBe(9);
  });

  test("what cannot run together is refused before it runs", async () => {
    const met: Rdd<number> = numbers()
      .barrier()
      .mapPartitions(rows => rows); // met
    const at = `barrier().mapPartitions at ${file}:${lineOf("met")}`;
    const refusal = async (run: () => Promise<unknown>) => {
      const { message, hint } = await failure(run);
      return [message.replace(/(:\d+):\d+/g, "$1"), hint];
    };
    const shuffle = "put a shuffle between them: repartition(n)";
    expect(await refusal(() => met.coalesce(1).collect())).toEqual([
      `coalesce makes 1 partitions of the 3 of ${at}, whose tasks must run together, each for itself`,
      shuffle,
    ]);
    expect(await refusal(() => met.union(numbers()).count())).toEqual([
      `union makes 6 partitions of the 3 of ${at}, whose tasks must run together, each for itself`,
      shuffle,
    ]);
    const collect = "collect() computes all: take rows of what it gives";
    expect(await refusal(() => met.take(1))).toEqual([
      `take computes 1 of the 3 partitions of ${at}, whose tasks must run together`,
      collect,
    ]);
    expect((await refusal(() => met.first()))[1]).toBe(collect);
    const wide = ctx
      .range(0, 99, 1, 9)
      .barrier()
      .mapPartitions(rows => rows); // wide
    expect(await refusal(() => wide.count())).toEqual([
      `the 9 tasks of barrier().mapPartitions at ${file}:${lineOf("wide")} must run together, but there are 3 cores`,
      "use fewer partitions, coalesce(n) before barrier(), or more cores: --master local[n]",
    ]);
    expect(await met.repartition(2).take(2)).toHaveLength(2);
    expect(
      await numbers()
        .union(numbers())
        .coalesce(2)
        .barrier()
        .mapPartitions(rows => rows)
        .count(),
    ).toBe(18);
    const none = await failure(() =>
      met
        .barrier()
        .mapPartitions((() => {}) as never)
        .collect(),
    );
    expect(none).toBeInstanceOf(FiresteelError);
    expect(none.message).toContain("returned undefined, not its rows");
    takeWarnings();
  });

  test("a cached result is read without meeting again, and made again by all when a part of it is lost", async () => {
    const runs = ctx.longAccumulator();
    const cached = numbers()
      .barrier()
      .mapPartitions(async () => {
        runs.add(1);
        return [(await taskContext().allGather("x")).length];
      })
      .map(n => n + 1)
      .cache();
    const sum = async () => [await cached.sum(), runs.value];
    expect(await sum()).toEqual([12, 3]);
    expect(await sum()).toEqual([12, 3]);
    // with a shuffle behind it too
    expect(await cached.repartition(2).sum()).toBe(12);
    expect(runs.value).toBe(3);
    if (!isLocal) {
      const folder = mkdtempSync(join(tmpdir(), "firesteel-barrier-"));
      await ctx.range(0, 1, 1, 1).foreach(() => {
        if (existsSync(join(folder, "once"))) return;
        writeFileSync(join(folder, "once"), "");
        process.kill(process.pid, "SIGKILL");
      });
      rmSync(folder, { recursive: true });
      expect(await sum()).toEqual([12, 6]);
      expect(await sum()).toEqual([12, 6]);
    }
    await cached.unpersist();
    takeWarnings();
  });
};

export default suite;
