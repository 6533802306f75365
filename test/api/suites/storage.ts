/** Persisted and checkpointed Rdds: every storage level, lineage that is cut, what is refused, and what nothing refers to any more. */
import { type Rdd, StorageLevel } from "firesteel";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SuiteTools } from "../suite.ts";
import { untilCollected } from "./collected.ts";

class Point {
  #secret: number;
  constructor(readonly x: number) {
    this.#secret = x * 2;
  }
  get doubled(): number {
    return this.#secret;
  }
}

export default function storage(tools: SuiteTools): void {
  const { ctx, test, expect, same, failure } = tools;

  const counted = (rows: number, partitions: number): { calls: { value: number }; rdd: Rdd<[string, number]> } => {
    const calls = ctx.longAccumulator();
    const rdd = ctx.range(0, rows, 1, partitions).map(i => {
      calls.add(1);
      return [`key ${i % 100}`, i * 1.5];
    });
    return { calls, rdd };
  };
  const inFolder = async (run: (folder: string) => Promise<void>): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
    try {
      await run(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  test("rows are the same at every storage level, and computed once", async () => {
    const expected = await counted(3000, 3)
      .rdd.reduceByKey((a, b) => a + b)
      .sortByKey()
      .collect();
    for (const level of Object.values(StorageLevel)) {
      if (level === StorageLevel.NONE) continue;
      const { calls, rdd } = counted(3000, 3);
      rdd.persist(level);
      expect(rdd.storageLevel).toBe(level);
      for (let i = 0; i < 2; i++)
        same(
          await rdd
            .reduceByKey((a, b) => a + b)
            .sortByKey()
            .collect(),
          expected,
        );
      expect([level.name, await rdd.count(), await rdd.values().sum()]).toEqual([level.name, 3000, 6_747_750]);
      expect([level.name, await rdd.map(([, n]) => n + 1).sum()]).toEqual([level.name, 6_750_750]);
      expect([level.name, calls.value]).toEqual([level.name, 3000]);
      await rdd.unpersist({ blocking: true });
      expect(await rdd.count()).toBe(3000);
      expect([level.name, calls.value]).toEqual([level.name, 6000]);
    }
  });

  test("what persist is given is a level, and one at a time", async () => {
    const rdd = ctx.range(3);
    const [none, wrong] = [
      await failure(() => rdd.persist(StorageLevel.NONE)),
      await failure(() => rdd.persist("x" as never)),
    ];
    expect([none.message, wrong.message]).toEqual([
      "persist cannot keep an Rdd at StorageLevel.NONE, which keeps nothing",
      'persist needs a storage level, but got "x"',
    ]);
    rdd.persist(StorageLevel.DISK_ONLY);
    expect((await failure(() => rdd.cache())).message).toBe("this Rdd is already persisted as DISK_ONLY");
    expect([...ctx.getPersistentRdds().keys()]).toContain(rdd.id);
    await rdd.unpersist();
    expect([...ctx.getPersistentRdds().keys()]).not.toContain(rdd.id);
  });

  test("a checkpoint is written after the first job, and cuts the lineage", async () => {
    await inFolder(async folder => {
      ctx.setCheckpointDir(folder);
      const { calls, rdd } = counted(1000, 3);
      const sums = rdd.reduceByKey((a, b) => a + b, 4);
      const above = sums.mapValues(n => n + 1);
      const expected = (await above.collect()).toSorted();
      sums.cache().checkpoint();
      expect([sums.isCheckpointed, sums.getCheckpointFile()]).toEqual([false, undefined]);
      same((await above.collect()).toSorted(), expected);
      expect([sums.isCheckpointed, above.isCheckpointed, sums.numPartitions]).toEqual([true, false, 4]);
      const path = sums.getCheckpointFile()!;
      expect(path).toBe(join(ctx.getCheckpointDir()!, `rdd-${sums.id}`));
      expect(readdirSync(path).toSorted()).toEqual(["_SUCCESS", ...[0, 1, 2, 3].map(i => `part-0000${i}`)]);
      await sums.unpersist({ blocking: true });
      const before = calls.value;
      same((await above.collect()).toSorted(), expected);
      expect(calls.value).toBe(before);
      expect(sums.partitioner).toEqual({ kind: "hash", numPartitions: 4 } as never);
      const [first, second, ...rest] = above.toDebugString().split("\n");
      expect([first, second, rest.length]).toEqual([
        expect.stringMatching(/^\(4\) mapValues\[\d+\] at .*storage\.ts/),
        expect.stringMatching(/^ \| {2}reduceByKey\[\d+\] at .*storage\.ts/),
        1,
      ]);
      expect(rest[0]).toBe(` |  ReliableCheckpointRDD in ${path}`);
      expect(above.explain()).toContain(`the checkpoint in ${path}, columns as they lie`);
      // a join with what is placed alike needs no shuffle of it
      expect(await sums.join(sums).count()).toBe(100);
    });
  });

  test("a checkpoint keeps any rows, instances too, and empty partitions", async () => {
    await inFolder(async folder => {
      ctx.setCheckpointDir(folder);
      const rows = [null, undefined, -0, NaN, 1n << 80n, "\ud800", new Date(5), [[], {}], new Map([[1, { a: [2] }]])];
      const rdd = ctx.parallelize(rows, 12);
      rdd.checkpoint();
      same(await rdd.collect(), rows);
      expect(rdd.isCheckpointed).toBe(true);
      same(await rdd.collect(), rows);
      const points = ctx.range(10).map(i => new Point(i));
      points.checkpoint();
      await points.count();
      expect([points.isCheckpointed, await points.map(point => point.doubled).sum()]).toEqual([true, 90]);
    });
  });

  test("what is below a checkpoint is freed", async () => {
    await inFolder(async folder => {
      ctx.setCheckpointDir(folder);
      const released: string[] = [];
      const { driver } = ctx as unknown as { driver: { release(what: { kind: string; id: number }): unknown } };
      const original = driver.release;
      driver.release = what => {
        released.push(`${what.kind} ${what.id}`);
        return original.call(driver, what);
      };
      try {
        let rdd = ctx.range(0, 100, 1, 2).map(i => [i % 10, 1]);
        for (let i = 0; i < 5; i++) rdd = rdd.reduceByKey((a, b) => a + b).map(([key, n]) => [key + 1, n]);
        const last = rdd;
        rdd = last;
        last.checkpoint();
        expect(await last.count()).toBe(10);
        expect(await untilCollected(() => released.filter(each => each.startsWith("exchange")).length >= 5)).toBe(true);
        expect(await last.values().sum()).toBe(100);
      } finally {
        driver.release = original;
      }
    });
  });

  test("damaged checkpoints are told by their file, and wrong use at its line", async () => {
    await inFolder(async folder => {
      ctx.setCheckpointDir(folder);
      const rdd = ctx.range(0, 1000, 1, 2).map(i => i * 2);
      rdd.checkpoint();
      await rdd.count();
      const part = join(rdd.getCheckpointFile()!, "part-00001");
      const bytes = readFileSync(part);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(part, bytes);
      const damaged = await failure(() => rdd.sum());
      expect(damaged.message).toContain(part);
      rmSync(part);
      expect((await failure(() => rdd.sum())).message).toContain(part);
      const file = join(folder, "a file");
      writeFileSync(file, "");
      const refused = await failure(() => ctx.setCheckpointDir(file));
      expect(refused.message).toStartWith(`cannot write to the checkpoint directory ${file}: `);
      expect((await failure(() => ctx.setCheckpointDir(""))).message).toBe('setCheckpointDir needs a path, but got ""');
      expect((await failure(() => ctx.setCheckpointDir("gopher://x/y"))).message).toContain("gopher: is no scheme");
      // the directory that was set before stays
      expect(ctx.getCheckpointDir()).toStartWith(folder);
    });
  });

  test("a checkpoint directory that goes away fails the action, and nothing is cut", async () => {
    await inFolder(async folder => {
      ctx.setCheckpointDir(join(folder, "deep"));
      const rdd = ctx.range(0, 10, 1, 2).map(i => i + 1);
      rdd.checkpoint();
      rmSync(join(folder, "deep"), { recursive: true });
      writeFileSync(join(folder, "deep"), "now a file");
      expect((await failure(() => rdd.count())).message).toContain(join(folder, "deep"));
      expect(rdd.isCheckpointed).toBe(false);
      rmSync(join(folder, "deep"));
      expect([await rdd.count(), rdd.isCheckpointed]).toEqual([10, true]);
      expect(statSync(join(rdd.getCheckpointFile()!, "_SUCCESS")).isFile()).toBe(true);
    });
  });

  test("a local checkpoint is kept by executors, and its lineage cut", async () => {
    const { calls, rdd } = counted(1000, 4);
    const sums = rdd.reduceByKey((a, b) => a + b, 3).localCheckpoint();
    expect(sums.storageLevel).toBe(StorageLevel.MEMORY_AND_DISK);
    // only one partition is needed: the rest follows
    expect((await sums.take(1)).length).toBe(1);
    expect([sums.isCheckpointed, sums.getCheckpointFile(), calls.value]).toEqual([true, undefined, 1000]);
    expect(await sums.count()).toBe(100);
    expect(calls.value).toBe(1000);
    expect(sums.toDebugString().split("\n")[1]).toBe(" |  LocalCheckpointRDD");
    expect(sums.explain()).toContain("the local checkpoint, as executors keep it");
    tools.takeWarnings();
    await sums.unpersist({ blocking: true });
    expect(tools.takeWarnings()[0]).toStartWith("unpersist of reduceByKey, which is checkpointed locally");
    const lost = await failure(() => sums.count());
    // at once: another attempt would find no more
    expect(lost.message).toMatch(
      /^task \d of stage \d+ \(count at \S+\) failed: partition \d of the local checkpoint of reduceByKey is lost$/,
    );
    expect(lost.hint).toBe(
      "the executor that kept it is gone, or unpersist() was called; checkpoint() is for what must survive that",
    );
  });

  test("loops with checkpoints stay short", async () => {
    await inFolder(async folder => {
      ctx.setCheckpointDir(folder);
      let ranks = ctx
        .range(0, 100, 1, 2)
        .map(i => [i % 7, 1])
        .reduceByKey((a, b) => a + b);
      for (let i = 0; i < 6; i++) {
        ranks = ranks.mapValues(n => n + 1).reduceByKey((a, b) => a + b);
        if (i % 2 === 1) {
          ranks.checkpoint();
          await ranks.count();
        }
      }
      expect(ranks.toDebugString().split("\n").length).toBe(2);
      expect(await ranks.values().sum()).toBe(142);
    });
  });

  test("a persisted Rdd that nothing refers to is freed, one that a child needs is not", async () => {
    const localDirs = process.env["FIRESTEEL_TEST_LOCAL_DIRS"]!;
    const blockFiles = () =>
      (existsSync(localDirs) ? readdirSync(localDirs, { recursive: true }) : []).filter(name =>
        /block-\d+-/.test(String(name)),
      );
    const make = async (): Promise<Rdd<number>> => {
      const forgotten = ctx
        .range(0, 50_000, 1, 2)
        .map(i => i * 2)
        .persist(StorageLevel.DISK_ONLY);
      await forgotten.count();
      const parent = ctx
        .range(0, 50_000, 1, 2)
        .map(i => i * 3)
        .persist(StorageLevel.DISK_ONLY);
      await parent.count();
      // until here nothing is forgotten
      expect([forgotten.storageLevel.name, blockFiles().length]).toEqual(["DISK_ONLY", 4]);
      return parent.map(i => i + 1);
    };
    const held: { child?: Rdd<number> } = { child: await make() };
    expect(await untilCollected(() => blockFiles().length === 2)).toBe(true);
    expect(await held.child!.count()).toBe(50_000);
    Bun.gc(true);
    await ctx.range(1).count();
    expect(blockFiles().length).toBe(2);
    delete held.child;
    expect(await untilCollected(() => blockFiles().length === 0)).toBe(true);
  });

  test("the files of a shuffle that nothing refers to are gone, on executors too", async () => {
    const localDirs = process.env["FIRESTEEL_TEST_LOCAL_DIRS"]!;
    const shuffleFiles = () =>
      readdirSync(localDirs, { recursive: true }).filter(name => /exchange-\d+\/./.test(String(name)));
    const [rows, rowBytes] = [600, 256 * 1024];
    const shuffle = async () => {
      const placed = ctx
        .range(0, rows, 1, 16)
        .map(i => [i % 50, new Float64Array(rowBytes / 8).fill(i)])
        .partitionBy(8);
      expect(await placed.map(([, row]) => row[5]!).sum()).toBe((rows * (rows - 1)) / 2);
      expect(shuffleFiles().length).toBeGreaterThan(0);
    };
    await shuffle();
    expect(await untilCollected(() => shuffleFiles().length === 0)).toBe(true);
  });

  test("a broadcast that nothing refers to is freed, one that an Rdd's function uses is not", async () => {
    const { driver } = ctx as unknown as { driver: { release(what: { kind: string; id: number }): unknown } };
    const original = driver.release;
    const released = new Set<number>();
    driver.release = what => {
      if (what.kind === "broadcast") released.add(what.id);
      return original.call(driver, what);
    };
    try {
      const forgotten = (): number => ctx.broadcast({ big: "x".repeat(100_000) }).id;
      const using = (): { id: number; rdd: Rdd<number> } => {
        const factor = ctx.broadcast(3);
        return { id: factor.id, rdd: ctx.range(0, 10, 1, 2).map(i => i * factor.value) };
      };
      const first = forgotten();
      const held: { used?: ReturnType<typeof using> } = { used: using() };
      const { id } = held.used!;
      expect(await untilCollected(() => released.has(first))).toBe(true);
      expect([released.has(id), await held.used!.rdd.sum()]).toEqual([false, 135]);
      delete held.used;
      expect(await untilCollected(() => released.has(id))).toBe(true);
    } finally {
      driver.release = original;
    }
  });
}
