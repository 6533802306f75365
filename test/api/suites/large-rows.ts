/** Jobs in which one row, key or list takes a quarter of little memory. Each gives digests of what comes out, in order. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Context, type Rdd, StorageLevel } from "firesteel";

type Rows = Rdd<[string, unknown]>;

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

const rowsOf = (ctx: Context, rowBytes: number): Rows =>
  ctx.range(0, 600, 1, 2).map(i => {
    if (i === 100) return ["large", "v".repeat(rowBytes)];
    if (i === 350 || i === 550) return ["k".repeat(rowBytes), i];
    if (i === 250) return ["list", Array.from({ length: rowBytes / 8 }, (_, j) => j / 2)];
    return [`key ${i % 200}`, `${i}${"p".repeat(1000)}`];
  });

const digests = (rdd: Rdd<unknown>): Promise<string[]> =>
  rdd
    .mapPartitions(rows => {
      const hash = createHash("sha256");
      for (const row of rows) hash.update(JSON.stringify(row));
      return [hash.digest("hex")];
    })
    .collect();

/** Of each file that `save` makes. */
async function saved(save: (path: string) => Promise<void>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
  try {
    const path = join(folder, "out");
    await save(path);
    return readdirSync(path)
      .filter(name => name.startsWith("part-"))
      .sort()
      .map(name => sha256(readFileSync(join(path, name))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const jobs: Readonly<Record<string, (ctx: Context, rows: Rows) => Promise<string[]>>> = {
  map: (_, rows) => digests(rows.map(([key, value]) => [value, key])),
  collect: async (_, rows) => (await rows.collect()).map(row => sha256(JSON.stringify(row))),
  groupByKey: (_, rows) => digests(rows.groupByKey(2)),
  reduceByKey: (_, rows) => digests(rows.reduceByKey((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? a : b), 2)),
  aggregateByKey: (_, rows) =>
    digests(
      rows.aggregateByKey(
        { n: 0, last: undefined as unknown },
        (sum, last) => ({ n: sum.n + 1, last }),
        (a, b) => ({ n: a.n + b.n, last: b.last }),
        2,
      ),
    ),
  sortByKey: (_, rows) => digests(rows.sortByKey(true, 2)),
  join: (ctx, rows) => digests(rows.join(few(ctx), 2)),
  distinct: (_, rows) => digests(rows.distinct(2)),
  "cached in memory and on disk": async (_, rows) => {
    const kept = rows.persist(StorageLevel.MEMORY_AND_DISK);
    const found = [String(await kept.count()), ...(await digests(kept)), ...(await digests(kept))];
    kept.unpersist();
    return found;
  },
  saveAsTextFile: (_, rows) =>
    saved(path => rows.map(([key, value]) => key + JSON.stringify(value)).saveAsTextFile(path)),
  saveAsObjectFile: (_, rows) => saved(path => rows.saveAsObjectFile(path)),
};

const few = (ctx: Context): Rdd<[string, number]> =>
  ctx.parallelize(
    ["key 3", "key 5", "large", "list", "none"].map((key, i): [string, number] => [key, i]),
    2,
  );

export default {
  names: Object.keys(jobs),
  digest: (ctx: Context, name: string, rowBytes: number): Promise<string[]> => jobs[name]!(ctx, rowsOf(ctx, rowBytes)),
  tooLarge: (ctx: Context, rowBytes: number): Promise<unknown> =>
    rowsOf(ctx, rowBytes)
      .groupByKey(2) // too large
      .count(),
};
