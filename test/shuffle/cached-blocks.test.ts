/** Cached partitions read and copied from executor to executor, each with kernel memory of its own. */
import { afterEach, expect, test } from "bun:test";
import type { RddId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { slotWord, storageOwner } from "../../src/kernel/owners.ts";
import { attachMemory, type SharedPool } from "../../src/kernel/task-memory.ts";
import type { RpcAddress } from "../../src/rpc/contracts.ts";
import { openRemoteBlocks, type RemoteBlocks } from "../../src/shuffle/cached-block-client.ts";
import { CachedBlockCopies } from "../../src/shuffle/cached-block-copies.ts";
import { cachedBlockPrefix, serveCachedBlocks } from "../../src/shuffle/cached-block-server.ts";
import { BlockStore } from "../../src/storage/block-store.ts";
import { nowhere, openPeers, type TestPeer } from "./peers.ts";

const MiB = 2 ** 20;
const [a, b] = [1 as RddId, 2 as RddId];
let open: TestPeer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(peer => peer.close()));
});

interface Executor {
  readonly peer: TestPeer;
  readonly pool: SharedPool;
  readonly store: BlockStore;
  readonly copies: CachedBlockCopies;
}

async function openExecutors(count: number): Promise<Executor[]> {
  open = await openPeers(count);
  return open.map(peer => {
    const pool = attachMemory(createKernelMemory(16 * MiB), { waitMaxMs: 0 });
    const store = new BlockStore(pool);
    serveCachedBlocks(peer.bulk, pool, store);
    return { peer, pool, store, copies: new CachedBlockCopies(pool, store, { bulk: peer.bulk }) };
  });
}

/** Caches blocks of random bytes; gives them. */
function put({ pool, store }: Executor, rdd: RddId, partition: number, sizes: readonly number[]): Uint8Array[] {
  const random = new Random(partition);
  const contents = sizes.map(size => new Uint8Array(size).map(() => random.below(256)));
  const task = pool.openTask(900);
  const writer = store.openWriter(rdd, partition, task)!;
  const u8 = new Uint8Array(pool.area.memory.buffer);
  for (const content of contents) expect(writer.append(content.length, ptr => u8.set(content, ptr))).toBe(true);
  writer.commit(5_000_000_000)!.release();
  task.releaseAll();
  return contents;
}

async function readAll(remote: RemoteBlocks): Promise<Uint8Array[]> {
  const blocks: Uint8Array[] = [];
  for (const bytes of remote.blockBytes) {
    const block = new Uint8Array(bytes);
    await remote.readInto(block);
    blocks.push(block);
  }
  return blocks;
}

function reader(to: Executor, holders: readonly RpcAddress[], rdd: RddId, partition: number) {
  return openRemoteBlocks({ bulk: to.peer.bulk }, holders, rdd, partition);
}

const held = ({ pool }: Executor) => pool.owners.get(storageOwner, slotWord.usedPages);
const tasksOpen = ({ pool }: Executor) => [...pool.owners.live("task")].length;

test("another executor reads a partition block by block, from the first that has it", async () => {
  const [one, two, three] = (await openExecutors(3)) as [Executor, Executor, Executor];
  const contents = put(two, a, 3, [16, 3 * MiB + 32, 1600]);
  const remote = (await reader(one, [nowhere(), three.peer.address, two.peer.address], a, 3))!;
  expect([remote.rows, remote.blockBytes]).toEqual([5_000_000_000, [16, 3 * MiB + 32, 1600]]);
  expect(await readAll(remote)).toEqual(contents);
  expect(await reader(one, [two.peer.address, nowhere()], a, 4)).toBeUndefined();
  expect(tasksOpen(two)).toBe(0);
});

test("a partition stays while it is read, and goes when the reader leaves", async () => {
  const [one, two] = (await openExecutors(2)) as [Executor, Executor];
  const contents = put(two, a, 0, [3 * MiB, 3 * MiB]);
  const remote = (await reader(one, [two.peer.address], a, 0))!;
  const first = new Uint8Array(3 * MiB);
  await remote.readInto(first);
  two.store.remove(a);
  expect(held(two)).toBeGreaterThan(0);
  const second = new Uint8Array(3 * MiB);
  await remote.readInto(second);
  expect([Buffer.compare(first, contents[0]!), Buffer.compare(second, contents[1]!)]).toEqual([0, 0]);
  put(two, b, 0, [6 * MiB]);
  const abandoned = (await reader(one, [two.peer.address], b, 0))!;
  abandoned.close();
  const again = (await reader(one, [two.peer.address], b, 0))!;
  await readAll(again);
  two.store.remove(b);
  await until(() => held(two) === 0 && tasksOpen(two) === 0);
});

test("a partition without rows is one too", async () => {
  const [one, two] = (await openExecutors(2)) as [Executor, Executor];
  put(two, a, 0, []);
  expect((await reader(one, [two.peer.address], a, 0))!.blockBytes).toEqual([]);
});

test("a copy has the same blocks and rows, and is made once", async () => {
  const [one, two] = (await openExecutors(2)) as [Executor, Executor];
  const contents = put(one, a, 2, [1 * MiB, 2 * MiB]);
  const copy = { rdd: a, partition: 2, from: one.peer.address };
  expect(await Promise.all([two.copies.copy(copy), two.copies.copy({ ...copy })])).toEqual([true, true]);
  expect(one.peer.sent.requests).toBe(1);
  expect(two.store.list()).toEqual(one.store.list());
  one.store.remove(a);
  expect(await readAll((await reader(one, [two.peer.address], a, 2))!)).toEqual(contents);
  two.store.remove(a);
  await until(() => held(two) === 0 && tasksOpen(two) === 0);
});

test("a copy that cannot be had, or has no room, is not made and leaves nothing", async () => {
  const [one, two] = (await openExecutors(2)) as [Executor, Executor];
  expect(await two.copies.copy({ rdd: a, partition: 0, from: nowhere() })).toBe(false);
  expect(await two.copies.copy({ rdd: a, partition: 0, from: one.peer.address })).toBe(false);
  put(one, a, 0, [3 * MiB, 3 * MiB]);
  const task = two.pool.openTask(5);
  task.alloc(11 * MiB);
  expect(await two.copies.copy({ rdd: a, partition: 0, from: one.peer.address })).toBe(false);
  task.releaseAll();
  expect([held(two), tasksOpen(two), two.store.list()]).toEqual([0, 0, []]);
  expect(await two.copies.copy({ rdd: a, partition: 0, from: one.peer.address })).toBe(true);
});

test("copies of an rdd that is released while they wait or are made are given up", async () => {
  const [one, two] = (await openExecutors(2)) as [Executor, Executor];
  put(one, a, 0, [2 * MiB, 2 * MiB]);
  put(one, a, 1, [1 * MiB]);
  put(one, b, 0, [1 * MiB]);
  const made = [
    two.copies.copy({ rdd: a, partition: 0, from: one.peer.address }),
    two.copies.copy({ rdd: a, partition: 1, from: one.peer.address }),
    two.copies.copy({ rdd: b, partition: 0, from: one.peer.address }),
  ];
  // it has begun to write
  await until(() => two.pool.pages.longestFreeRun() < two.pool.pages.pages);
  two.copies.release(a);
  two.store.remove(a);
  expect(await Promise.all(made)).toEqual([false, false, true]);
  expect(two.store.list().map(each => each.rdd)).toEqual([b]);
});

test("names that are no partitions are refused", async () => {
  const [one, two] = (await openExecutors(2)) as [Executor, Executor];
  for (const name of ["1", "1/-2", "1/2/3", "a/b", "99999999999/1"]) {
    const stream = one.peer.bulk.open(two.peer.address, `${cachedBlockPrefix}${name}`, new Uint8Array());
    expect(((await stream.catch(thrown => thrown)) as Error).message).toBe(
      "a cached partition is asked for as rdd/partition",
    );
  }
});

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn > 10_000) throw new Error("it never comes");
    await new Promise(resolve => setImmediate(resolve));
  }
}
