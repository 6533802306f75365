import { existsSync, writeFileSync } from "node:fs";
import { type Context, StorageLevel } from "firesteel";

/** Rows that say "attack at dawn" lie in cached blocks, map outputs and spills; then it waits for a file. */
export default async function main(ctx: Context, [waits]: string[]): Promise<void> {
  const rows = ctx.range(0, 60_000, 1, 4).map(i => [(i * 48271) % 40_009, `${i} attack at dawn, at dawn`.repeat(4)]);
  const kept = rows.partitionBy(4).persist(StorageLevel.DISK_ONLY);
  console.log(await kept.count());
  const sorted = kept.groupByKey(2).mapPartitionsWithIndex((partition, groups) => {
    let n = 0;
    for (const [, texts] of groups) {
      n += texts.length;
      if (n > 100 && waits !== undefined && !existsSync(`${waits}.${partition}`)) {
        writeFileSync(`${waits}.${partition}`, "");
        const cell = new Int32Array(new SharedArrayBuffer(4));
        // whoever was to say so may have been killed
        for (let tries = 0; !existsSync(`${waits}.go`); tries++) {
          if (tries === 6000) throw new Error("nobody said go");
          Atomics.wait(cell, 0, 0, 5);
        }
      }
    }
    return [n];
  });
  console.log(await sorted.sum());
}
