import { expect, test } from "bun:test";
import type { RddId } from "../../src/base/ids.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { attachMemory, type SharedPool } from "../../src/kernel/task-memory.ts";
import { BlockStore } from "../../src/storage/block-store.ts";
import { BlockWatch } from "../../src/storage/block-watch.ts";

const MiB = 2 ** 20;
const rdd = 7 as RddId;

function put(pool: SharedPool, store: BlockStore, partition: number, bytes: number): void {
  const task = pool.openTask(900);
  const writer = store.openWriter(rdd, partition, task)!;
  expect(writer.append(bytes, () => {})).toBe(true);
  writer.commit(10)!.release();
  task.releaseAll();
}

test("what came and went since the last look is told once, whichever thread did it", () => {
  const pool = attachMemory(createKernelMemory(16 * MiB), { waitMaxMs: 0, storageFraction: 0 });
  const mine = new BlockStore(pool);
  const others = new BlockStore(attachMemory(pool.area.memory));
  const told: string[] = [];
  const watch = new BlockWatch(pool, mine, (came, gone) => {
    const names = (list: typeof came) => list.map(each => `${each.rdd}.${each.partition}:${each.bytes}`).join(" ");
    told.push(`+ ${names(came)} - ${names(gone)}`);
  });
  watch.look();
  put(pool, others, 0, 4 * MiB);
  put(pool, others, 1, 4 * MiB);
  watch.look();
  watch.look();
  // a third one evicts nothing of its own rdd: a task that needs memory does
  const task = pool.openTask(1);
  for (let i = 0; i < 9; i++) task.alloc(1 * MiB);
  watch.look();
  task.releaseAll();
  others.remove(rdd);
  watch.look();
  // come and gone between two looks
  put(pool, mine, 5, 16);
  mine.remove(rdd);
  watch.look();
  expect(told).toEqual(["+ 7.0:4194304 7.1:4194304 - ", "+  - 7.0:4194304", "+  - 7.1:4194304"]);
});
