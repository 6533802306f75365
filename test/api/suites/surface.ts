/** Members without a plain-array twin: properties, settings, sources and sinks, shared variables; the same on every kind of master. */
import { HashPartitioner, type Partitioner, RangePartitioner, StorageLevel, taskContext, version } from "firesteel";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SuiteTools } from "../suite.ts";

const parquet = new URL("../../sources/data/v1-snappy.parquet", import.meta.url).pathname;

export default function surface(tools: SuiteTools): void {
  const { ctx, test, expect, same, sameRows } = tools;

  const inFolder = async (run: (folder: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), "surface-"));
    await run(folder).finally(() => rmSync(folder, { recursive: true }));
  };

  test("a Context says what it is", async () => {
    expect(ctx.version).toBe(version);
    expect(ctx.applicationId).toMatch(/^(local-\d+|app-[\w-]+)$/);
    expect(ctx.uiWebUrl ?? "http://off").toMatch(/^http:/);
    expect(ctx.startTime.getTime()).toBeLessThanOrEqual(Date.now());
    expect(ctx.defaultParallelism).toBe(ctx.range(9).numPartitions);
    expect([ctx.master, ctx.appName, ctx.isStopped]).toEqual([ctx.config.get("firesteel.master"), "surface", false]);
    expect(ctx.config.get("firesteel.executor.memory")).toBeGreaterThan(0);
  });

  test("an Rdd says what it is", async () => {
    const rows = ctx.range(0, 9, 1, 3);
    const pairs = rows.map(n => [n % 2, n]).partitionBy(2);
    expect(rows.map(n => n).id).toBeGreaterThan(rows.id);
    expect([rows.name, rows.setName("nine").name]).toEqual([undefined, "nine"]);
    expect([rows.numPartitions, pairs.numPartitions]).toEqual([3, 2]);
    expect([rows.partitioner, pairs.partitioner]).toEqual([undefined, { kind: "hash", numPartitions: 2 }]);
    expect(pairs.toDebugString()).toMatch(/^\(2\) partitionBy.*\n \+-\(3\) map.*\n .* nine range/s);
    expect(pairs.explain()).toContain("partitionBy");
    expect(rows.map(n => n + 1).explain("codegen")).toContain("f64");
  });

  test("an Rdd as a text is what it is, and is never JSON", async () => {
    const rows = ctx.range(0, 9, 1, 3).map(n => n + 1); // said
    const place = `map at ${tools.file}:${tools.lineOf("said")}:`;
    expect(rows.toString()).toStartWith(`Rdd[${rows.id}] at ${place}`);
    expect(`${rows.setName("nine")}`).toStartWith(`nine Rdd[${rows.id}] at ${place}`);
    expect(() => rows.toJSON()).toThrow("cannot be JSON: it is a plan and holds no rows");
    const error = await tools.failure(() => JSON.stringify({ rows })); // to JSON
    expect([error.kind, error.hint]).toEqual(["user", "await its rows first, with collect() or another action"]);
    expect([error.at?.file, error.at?.line]).toEqual([tools.file, tools.lineOf("to JSON")]);
    expect(JSON.stringify(await rows.take(2))).toBe("[1,2]");
  });

  test("shared variables as texts and as JSON", async () => {
    const names = ctx.broadcast(["a", "b"]);
    const [seen, some] = [ctx.longAccumulator("seen"), ctx.collectionAccumulator<string>()];
    await ctx.range(0, 4, 1, 2).foreach(n => {
      seen.add(n);
      some.add(names.value[n % 2]!);
    });
    expect([names.toString(), seen.toString()]).toEqual([`Broadcast ${names.id}`, 'Accumulator "seen" (value 6)']);
    expect(`${some}`).toBe(`Accumulator ${some.id} (value ["a","b","a","b"])`);
    expect([names.toJSON(), seen.toJSON()]).toEqual([["a", "b"], 6]);
    expect(JSON.stringify({ names, seen, some })).toBe('{"names":["a","b"],"seen":6,"some":["a","b","a","b"]}');
    names.destroy();
    expect(`${names}`).toBe(`Broadcast ${names.id} (destroyed)`);
    const error = await tools.failure(() => JSON.stringify(names)); // destroyed
    expect([error.message, error.at?.line]).toEqual([`broadcast ${names.id} was destroyed`, tools.lineOf("destroyed")]);
    const half = await tools.failure(() => seen.add(0.5)); // half
    expect([half.message, half.at?.line]).toEqual([
      "a longAccumulator adds integers, but got 0.5",
      tools.lineOf("half"),
    ]);
  });

  test("storage levels come and go", async () => {
    const rows = ctx.range(0, 100, 1, 4);
    expect(rows.storageLevel).toBe(StorageLevel.NONE);
    expect(rows.cache().storageLevel).toBe(StorageLevel.MEMORY_ONLY);
    expect([await rows.sum(), await rows.sum()]).toEqual([4950, 4950]);
    await rows.unpersist();
    expect(rows.persist(StorageLevel.MEMORY_ONLY_2).storageLevel.replicas).toBe(2);
    expect([await rows.sum(), await rows.sum()]).toEqual([4950, 4950]);
    await rows.unpersist({ blocking: true });
    expect(rows.storageLevel.name).toBe("NONE");
  });

  test("every storage level keeps rows: they are computed once", async () => {
    const { MEMORY_ONLY_SER, MEMORY_ONLY_SER_2, MEMORY_AND_DISK, MEMORY_AND_DISK_2, OFF_HEAP } = StorageLevel;
    const { MEMORY_AND_DISK_SER, MEMORY_AND_DISK_SER_2, DISK_ONLY, DISK_ONLY_2, DISK_ONLY_3 } = StorageLevel;
    const inMemory = [MEMORY_ONLY_SER, MEMORY_ONLY_SER_2, MEMORY_AND_DISK, MEMORY_AND_DISK_2, OFF_HEAP];
    const onDisk = [MEMORY_AND_DISK_SER, MEMORY_AND_DISK_SER_2, DISK_ONLY, DISK_ONLY_2, DISK_ONLY_3];
    for (const level of [...inMemory, ...onDisk]) {
      const computed = ctx.longAccumulator();
      const rows = ctx.range(0, 100, 1, 4).map(n => {
        computed.add(1);
        return n;
      });
      const sums = [await rows.persist(level).sum(), await rows.sum()];
      expect([level.name, ...sums, computed.value]).toEqual([level.name, 4950, 4950, 100]);
      await rows.unpersist();
    }
  });

  test("partitioners place keys", async () => {
    const pairs = ctx.range(0, 8, 1, 2).map(n => [n, n]);
    const parity: Partitioner<number> = { numPartitions: 2, partition: key => key % 2 };
    const byHash = await pairs.partitionBy(new HashPartitioner(3)).glom().collect();
    const byRange = await pairs
      .partitionBy(new RangePartitioner(2, { ascending: false }))
      .glom()
      .collect();
    const byHand = await pairs.partitionBy(parity).glom().collect();
    expect([byHash.length, byRange.length, byHand.length]).toEqual([3, 2, 2]);
    expect(Math.min(...byRange[0]!.map(([key]) => key))).toBeGreaterThan(Math.max(...byRange[1]!.map(([key]) => key)));
    expect(byHand.map(part => part.map(([key]) => key % 2).every((rest, _, all) => rest === all[0]))).toEqual([
      true,
      true,
    ]);
  });

  test("files are read and written", () =>
    inFolder(async folder => {
      const path = (name: string) => join(folder, name);
      writeFileSync(path("rows.csv"), "name,n\na,1\nb,2\n");
      writeFileSync(path("rows.json"), '{"n":1}\n{"n":2}\n');
      await ctx.parallelize(["x", "y"], 2).saveAsTextFile(path("out"));
      expect(readFileSync(path("out/part-00001"), "utf8")).toBe("y\n");
      same(await ctx.textFile(path("out")).collect(), ["x", "y"]);
      same(await ctx.csvFile(path("rows.csv")).collect(), [
        { name: "a", n: 1 },
        { name: "b", n: 2 },
      ]);
      same(await ctx.jsonFile(path("rows.json")).collect(), [{ n: 1 }, { n: 2 }]);
      expect(await ctx.parquetFile(parquet).count()).toBeGreaterThan(0);
      same(await ctx.emptyRdd().collect(), []);
      same(await ctx.union([ctx.range(2), ctx.range(2)]).collect(), [0, 1, 0, 1]);
    }));

  test("shared variables come back", async () => {
    const names = ctx.broadcast(new Map([[1, "one"]]));
    const [long, double] = [ctx.longAccumulator("rows"), ctx.doubleAccumulator()];
    const all = ctx.collectionAccumulator<number>();
    const most = ctx.accumulator(0, (a, b) => Math.max(a, b));
    const found = ctx.range(0, 3, 1, 3).map(n => {
      return names.value.get(n) ?? "none";
    });
    same(await found.collect(), ["none", "one", "none"]);
    await ctx.range(0, 4, 1, 4).foreach(n => {
      long.add(n);
      double.add(n / 4);
      all.add(n);
      most.add(n);
    });
    same([long.value, double.value, all.value, most.value, long.name], [6, 1.5, [0, 1, 2, 3], 3, "rows"]);
    expect(new Set([long.id, double.id, all.id, most.id]).size).toBe(4);
    long.reset();
    expect(long.value).toBe(0);
    names.unpersist();
    same(await found.collect(), ["none", "one", "none"]);
    names.destroy();
    expect([names.id, (await tools.failure(() => names.value)).kind]).toEqual([names.id, "user"]);
  });

  test("tasks know where they are, and what was set for their job", async () => {
    ctx.setLocalProperty("tenant", "blue");
    ctx.setJobGroup("group", "description");
    ctx.setJobDescription("another");
    expect([ctx.getLocalProperty("tenant"), ctx.getLocalProperty("nothing")]).toEqual(["blue", undefined]);
    const seen = ctx.range(0, 3, 1, 3).map(() => {
      const { partitionId, stageId, attemptNumber, taskAttemptId } = taskContext();
      return { partitionId, stageId, attemptNumber, taskAttemptId, tenant: taskContext().localProperty("tenant") };
    });
    const tasks = await seen.collect();
    same(
      tasks.map(task => [task.partitionId, task.attemptNumber, task.tenant]),
      [0, 1, 2].map(i => [i, 0, "blue"]),
    );
    expect([
      new Set(tasks.map(task => task.stageId)).size,
      new Set(tasks.map(task => task.taskAttemptId)).size,
    ]).toEqual([1, 3]);
    ctx.setLocalProperty("tenant", null);
    expect(ctx.getLocalProperty("tenant")).toBeUndefined();
  });

  test("tasks say when they end", async () => {
    const ends = ctx.collectionAccumulator<string>();
    const seen = ctx.range(0, 2, 1, 2).map(n => {
      const task = taskContext();
      task.addTaskCompletionListener(({ partitionId }) => ends.add(`end of ${partitionId}`));
      task.addTaskFailureListener(() => ends.add("failure"));
      return [task.numPartitions, task.stageAttemptNumber, task.cpus, Number(task.isInterrupted), n];
    });
    same(await seen.collect(), [
      [2, 0, 1, 0, 0],
      [2, 0, 1, 0, 1],
    ]);
    same(ends.value, ["end of 0", "end of 1"]);
  });

  test("groups and tags come and go", async () => {
    ctx.setJobGroup("nightly");
    for (const tag of ["a", "b"]) ctx.addJobTag(tag);
    ctx.removeJobTag("a");
    expect(ctx.getJobTags()).toEqual(["b"]);
    await ctx.range(2).count();
    expect(ctx.statusTracker().getJobIdsForGroup("nightly").length).toBe(1);
    ctx.clearJobTags();
    ctx.clearJobGroup();
    await ctx.range(2).count();
    expect([ctx.getJobTags(), ctx.statusTracker().getJobIdsForGroup("nightly").length]).toEqual([[], 1]);
  });

  test("jobs are cancelled by group, by id, by stage and all together", async () => {
    const endless = () =>
      ctx.range(0, 2, 1, 2).foreach(() => {
        for (;;) taskContext();
      });
    const cancelled = async (cancel: () => unknown) => {
      ctx.setJobGroup("endless");
      const started = tools.nextEvent("taskStarted");
      const failed = tools.failure(endless);
      await started;
      cancel();
      return (await failed).kind;
    };
    let [job, stage] = [-1, -1];
    void tools.nextEvent("jobStarted").then(event => (job = event.job));
    void tools.nextEvent("stageSubmitted").then(event => (stage = event.stage));
    expect(await cancelled(() => ctx.cancelJobGroup("endless"))).toBe("cancelled");
    expect(await cancelled(() => ctx.cancelJob(job + 1))).toBe("cancelled");
    expect(await cancelled(() => ctx.cancelStage(stage + 2))).toBe("cancelled");
    expect(await cancelled(() => ctx.cancelAllJobs())).toBe("cancelled");
    sameRows(await ctx.range(2).collect(), [0, 1]);
  });
}
