/**
 * Cached partitions in a cluster. Rows come from a file that is removed once they are cached, so nothing can be computed again
 * unnoticed.
 */
import { afterAll, expect, test } from "bun:test";
import type { RddId } from "../../src/base/ids.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import { temporaryFolder } from "../sources/fixture.ts";
import { type Cluster, cluster, range, until } from "./cluster.ts";
import { persistedText } from "./persisted-text.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const held = (here: Cluster) => here.cluster.executors.cached;
const endedTasks = (here: Cluster) => here.cluster.executors.summaries.map(each => each.endedTasks);
const sum = (counts: readonly unknown[]) => (counts as number[]).reduce((a, b) => a + b, 0);

test("are read where they are", async () => {
  const here = await cluster();
  await here.addExecutor(0, 1);
  await here.addExecutor(1, 1);
  const { id, plan, remove } = persistedText(folder, 1000, 1, StorageLevel.MEMORY_ONLY);
  expect(await here.run(plan, { kind: "count" }, 1)).toEqual([1000]);
  expect(held(here).map(({ rdd, partition }) => [rdd, partition])).toEqual([[id, 0]]);
  const holder = endedTasks(here).indexOf(1);
  remove();
  for (let i = 0; i < 4; i++) expect(await here.run(plan, { kind: "count" }, 1)).toEqual([1000]);
  expect(endedTasks(here)[holder]).toBe(5);
});

test("that are lost are computed again, those that are held twice are not", async () => {
  for (const storage of [StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_ONLY_2]) {
    const here = await cluster();
    await here.addExecutor(0, 1);
    await here.addExecutor(1, 1);
    const { plan, remove } = persistedText(folder, 2000, 4, storage);
    expect(sum(await here.run(plan, { kind: "count" }, 4))).toBe(2000);
    await until(() => held(here).length === 4 * storage.replicas);
    remove();
    here.manager.listener!.executorLost(0 as never, "it was killed", false);
    await until(() => here.cluster.executors.summaries.length === 1);
    const again = here.run(plan, { kind: "count" }, 4);
    if (storage.replicas === 2) expect(sum(await again)).toBe(2000);
    else await expect(again).rejects.toThrow("the file is gone");
  }
});

test("are copied again to an executor that comes later", async () => {
  const here = await cluster();
  await here.addExecutor(0, 1);
  const { plan } = persistedText(folder, 100, 2, StorageLevel.MEMORY_ONLY_2);
  await here.run(plan, { kind: "count" }, 2);
  expect(held(here).length).toBe(2);
  await here.addExecutor(1, 1);
  await until(() => held(here).length === 4);
});

test("that are evicted or released nobody is sent to any more", async () => {
  const here = await cluster();
  await here.addExecutor(0, 1);
  const MiB = 2 ** 20;
  const [first, second] = [0, 1].map(i => ({
    ...range(4 * MiB, 4),
    id: i as RddId,
    storage: StorageLevel.MEMORY_ONLY,
  }));
  const of = ({ id }: Plan) => held(here).filter(each => each.rdd === id).length;
  await here.run(first!, { kind: "sum" }, 4);
  expect(of(first!)).toBe(4);
  const sums = await here.run(second!, { kind: "sum" }, 4);
  expect(of(second!)).toBeGreaterThan(0);
  expect(of(first!)).toBeLessThan(4);
  expect(held(here).reduce((bytes, each) => bytes + each.bytes, 0)).toBeLessThan(64 * MiB);
  expect(await here.run(second!, { kind: "sum" }, 4)).toEqual(sums);
  for (const { id } of [first!, second!]) here.engine.receive({ type: "release", what: { kind: "rdd", id } });
  expect(held(here)).toEqual([]);
  await here.run(range(1, 1), { kind: "count" }, 1);
  expect(held(here)).toEqual([]);
});
