/** Executors with a driver's block master: what they cache is known, copied, read elsewhere and forgotten. */
import { afterEach, expect, test } from "bun:test";
import type { ExecutorId, RddId } from "../../src/base/ids.ts";
import { BlockMaster } from "../../src/exec/block-master.ts";
import { ExecutorBlocks } from "../../src/exec/executor-blocks.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { attachMemory, type SharedPool } from "../../src/kernel/task-memory.ts";
import type { Plan } from "../../src/plan/nodes.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import type { StagePlan } from "../../src/planner/stages.ts";
import { openRemoteBlocks } from "../../src/shuffle/cached-block-client.ts";
import { BlockStore } from "../../src/storage/block-store.ts";
import { openPeers, type TestPeer } from "../shuffle/peers.ts";

const MiB = 2 ** 20;
const rdd = 1 as RddId;
const id = (executor: number) => executor as ExecutorId;
let open: TestPeer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(peer => peer.close()));
});

interface Executor {
  readonly pool: SharedPool;
  readonly store: BlockStore;
  readonly blocks: ExecutorBlocks;
}

/** Executors on as many hosts, and the copies they are making. */
async function setUp(count: number) {
  open = await openPeers(count);
  const lost = new Set<ExecutorId>();
  const copying: Promise<void>[] = [];
  const executors: Executor[] = [];
  const master = new BlockMaster({
    addressOf: executor => (lost.has(executor) ? undefined : open[executor]!.address),
    copy: (to, rdd, partition, from) => void copying.push(executors[to]!.blocks.copy(rdd, partition, from)),
  });
  open.forEach((peer, i) => {
    const pool = attachMemory(createKernelMemory(16 * MiB), { waitMaxMs: 0, storageFraction: 0 });
    const store = new BlockStore(pool);
    const executor = id(i);
    const blocks = new ExecutorBlocks({
      ...{ bulk: peer.bulk, pool, store },
      changed: (put, gone) => master.event({ type: "blocksChanged", executor, put, gone }),
      copyFailed: (rdd, partition) => master.event({ type: "copyFailed", executor, rdd, partition }),
    });
    executors.push({ pool, store, blocks });
    master.event({ type: "executorAdded", executor, host: `host-${i}` });
  });
  const settled = async () => {
    while (copying.length > 0) await copying.shift();
  };
  const lose = (executor: number) => {
    lost.add(id(executor));
    master.event({ type: "executorLost", executor: id(executor) });
  };
  return { executors, master, settled, lose };
}

function put({ pool, store, blocks }: Executor, partition: number, bytes: number): void {
  const task = pool.openTask(900);
  const writer = store.openWriter(rdd, partition, task)!;
  expect(writer.append(bytes, () => {})).toBe(true);
  writer.commit(1)!.release();
  task.releaseAll();
  blocks.look();
}

const plan = (storage: StorageLevel): StagePlan => {
  const root: Plan = {
    id: rdd,
    operator: "",
    at: undefined,
    op: "range",
    start: 0,
    step: 1,
    rows: 9,
    partitions: 3,
    storage,
  };
  return { kind: "result", root } as StagePlan;
};

test("tasks prefer who has cached their input, and are told of it when they run elsewhere", async () => {
  const { executors, master, lose } = await setUp(2);
  const stage = plan(StorageLevel.MEMORY_ONLY);
  const preferred = master.preferredOf(stage)!;
  expect([preferred(0), master.elsewhere(stage, 0, id(0))]).toEqual([{ executors: [] }, []]);
  put(executors[0]!, 0, MiB);
  expect(preferred(0)).toEqual({ executors: [id(0)] });
  expect(master.elsewhere(stage, 0, id(0))).toEqual([]);
  const [found] = master.elsewhere(stage, 0, id(1));
  expect(found).toEqual({ rdd, partitions: [0], holders: [open[0]!.address] });
  expect((await openRemoteBlocks({ bulk: open[1]!.bulk }, found!.holders, rdd, 0))!.blockBytes).toEqual([MiB]);
  lose(0);
  expect([preferred(0), master.elsewhere(stage, 0, id(1))]).toEqual([{ executors: [] }, []]);
  expect(master.preferredOf({ ...stage, root: { ...stage.root, storage: undefined } } as never)).toBeUndefined();
});

test("partitions that are to be held twice are, and again when a holder is lost", async () => {
  const { executors, master, settled, lose } = await setUp(3);
  const preferred = master.preferredOf(plan(StorageLevel.MEMORY_ONLY_2))!;
  put(executors[0]!, 0, MiB);
  put(executors[0]!, 1, MiB);
  await settled();
  expect([preferred(0), preferred(1)]).toEqual([{ executors: [id(0), id(1)] }, { executors: [id(0), id(2)] }]);
  lose(0);
  await settled();
  expect([preferred(0), preferred(1)]).toEqual([{ executors: [id(1), id(2)] }, { executors: [id(2), id(1)] }]);
  expect(executors.slice(1).map(({ store }) => store.list().length)).toEqual([2, 2]);
});

test("what an executor evicts or drops it holds no longer; a copy without room is asked of another", async () => {
  const { executors, master, settled } = await setUp(3);
  const preferred = master.preferredOf(plan(StorageLevel.MEMORY_ONLY_2))!;
  const task = executors[1]!.pool.openTask(1);
  for (let i = 0; i < 15; i++) task.alloc(MiB);
  put(executors[0]!, 0, 2 * MiB);
  await settled();
  expect(preferred(0)).toEqual({ executors: [id(0), id(2)] });
  executors[2]!.store.remove(rdd);
  executors[2]!.blocks.look();
  expect(preferred(0)).toEqual({ executors: [id(0)] });
  for (const { blocks, store } of executors) {
    blocks.release(rdd);
    store.remove(rdd);
  }
  master.event({ type: "rddReleased", rdd });
  for (const { blocks } of executors) blocks.look();
  expect([preferred(0), master.locations.size.rdds]).toEqual([{ executors: [] }, 0]);
});
