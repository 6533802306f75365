import { readdirSync } from "node:fs";
import { Context, StorageLevel } from "firesteel";

/** Contexts one after another, each with files in the local dirs: what was there while they lived and after, as JSON. */
export default async function main(first: Context, [master, dirs, turns]: [string, string, string]) {
  await first.stop();
  const seen: { during: number; left: string[]; threads: number }[] = [];
  for (let turn = 0; turn < Number(turns); turn++) {
    const ctx = await Context.create({ master, conf: { "firesteel.local.dirs": dirs } });
    const pairs = ctx
      .range(3)
      .map((i): [number, number] => [i, i])
      .persist(StorageLevel.DISK_ONLY);
    const count = await pairs.groupByKey(4).count();
    const during = count === 3 ? readdirSync(dirs).length : -1;
    await ctx.stop();
    seen.push({ during, left: readdirSync(dirs), threads: readdirSync("/proc/self/task").length });
  }
  console.log(JSON.stringify(seen));
}
