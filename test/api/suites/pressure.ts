/** Kept Rdds that outgrow memory: which leave it first, and whether they are computed again. Two of three have room. */
import { type Rdd, StorageLevel } from "firesteel";
import { existsSync, readdirSync } from "node:fs";
import type { SuiteTools } from "../suite.ts";

/** 21 MiB, of 64. */
const [rows, rowBytes] = [84, 256 * 1024];

export default function pressure({ ctx, test, expect, same }: SuiteTools): void {
  const localDirs = process.env["FIRESTEEL_TEST_LOCAL_DIRS"]!;
  const filesOf = (what: string) =>
    (existsSync(localDirs) ? readdirSync(localDirs, { recursive: true }) : [])
      .map(String)
      .filter(name => name.includes(`/${what}/`));
  const kept = (level: StorageLevel): { calls: { value: number }; rdd: Rdd<Float64Array> } => {
    const calls = ctx.longAccumulator();
    const rdd = ctx.range(0, rows, 1, 16).map(i => {
      calls.add(1);
      return new Float64Array(rowBytes / 8).fill(i);
    });
    return { calls, rdd: rdd.persist(level) };
  };
  const sum = (rdd: Rdd<Float64Array>) => rdd.map(row => row[0]! + row[row.length - 1]!).sum();
  const expected = rows * (rows - 1);

  test("what was read longest ago makes room, and is computed again", async () => {
    const [old, read, last] = [1, 2, 3].map(() => kept(StorageLevel.MEMORY_ONLY));
    for (const { rdd } of [old!, read!, old!, read!, last!]) same(await sum(rdd), expected);
    same(await sum(last!.rdd), expected);
    expect([read!.calls.value, last!.calls.value]).toEqual([rows, rows]);
    same(await sum(read!.rdd), expected);
    same(read!.calls.value, rows);
    same(await sum(old!.rdd), expected);
    expect(old!.calls.value).toBeGreaterThan(rows);
    for (const { rdd } of [old!, read!, last!]) await rdd.unpersist({ blocking: true });
  });

  test("where the level says so it goes to disk, and is read from there", async () => {
    const [old, read, last] = [1, 2, 3].map(() => kept(StorageLevel.MEMORY_AND_DISK));
    for (const { rdd } of [old!, read!, old!, read!, last!]) same(await sum(rdd), expected);
    expect(filesOf(`rdd-${old!.rdd.id}`).length).toBeGreaterThan(0);
    expect(filesOf(`rdd-${read!.rdd.id}`)).toEqual([]);
    for (const { calls, rdd } of [old!, read!, last!]) {
      same([await sum(rdd), calls.value], [expected, rows]);
      await rdd.unpersist({ blocking: true });
      expect(filesOf(`rdd-${rdd.id}`)).toEqual([]);
    }
  });
}
