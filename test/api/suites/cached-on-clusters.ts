/** Cached partitions where executors are processes, and nobody waits for the one that has them. */
import type { Rdd } from "firesteel";
import type { SuiteTools } from "../suite.ts";

export default function cachedOnClusters(tools: SuiteTools): void {
  const { ctx, test, expect, same } = tools;

  const counted = (rows: number, partitions: number): { calls: { value: number }; rdd: Rdd<number> } => {
    const calls = ctx.longAccumulator();
    const rdd = ctx.range(0, rows, 1, partitions).map(i => {
      calls.add(1);
      return i * 2;
    });
    return { calls, rdd };
  };
  /** The processes that read the rows, and the rows' sums. */
  const readers = async (rdd: Rdd<number>): Promise<{ pids: Set<number>; sums: number[] }> => {
    const read = await rdd
      .mapPartitions(rows => {
        let sum = 0;
        for (const row of rows) sum += row;
        return [[process.pid, sum]];
      })
      .collect();
    return { pids: new Set(read.map(([pid]) => pid!)), sums: read.map(([, sum]) => sum!) };
  };

  test("a cached partition is fetched by tasks elsewhere, and not computed again", async () => {
    const { calls, rdd } = counted(50_000, 1);
    rdd.cache();
    expect((await readers(rdd)).pids.size).toBe(1);
    // more than a queue for short tasks takes
    const { pids, sums } = await readers(ctx.union(new Array<typeof rdd>(150).fill(rdd)));
    expect(pids.size).toBe(2);
    same(sums, new Array(150).fill(50_000 * 49_999));
    expect(calls.value).toBe(50_000);
    await rdd.unpersist();
  });

  test("many partitions become one task's, wherever they are", async () => {
    const { calls, rdd } = counted(3000, 300);
    rdd.cache();
    const { pids } = await readers(rdd);
    expect(pids.size).toBe(2);
    same(
      await rdd.coalesce(1).collect(),
      Array.from({ length: 3000 }, (_, i) => i * 2),
    );
    expect(calls.value).toBe(3000);
    await rdd.unpersist();
  });

  test("rows of all kinds are the same from elsewhere", async () => {
    const rows = [null, undefined, -0, NaN, 1n << 80n, "\ud800", new Date(5), [[], {}], new Map([[1, { a: [2] }]])];
    const rdd = ctx.parallelize(rows, 1).cache();
    await rdd.count();
    const all = await ctx.union(new Array<typeof rdd>(150).fill(rdd)).collect();
    same(all, new Array(150).fill(rows).flat());
    await rdd.unpersist();
  });
}
