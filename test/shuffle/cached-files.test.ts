/** Cached partitions on disk, read by and copied to other executors. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RddId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { attachMemory } from "../../src/kernel/task-memory.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import { openRemoteBlocks } from "../../src/shuffle/cached-block-client.ts";
import { CachedBlockCopies } from "../../src/shuffle/cached-block-copies.ts";
import { serveCachedBlocks } from "../../src/shuffle/cached-block-server.ts";
import { BlockStore } from "../../src/storage/block-store.ts";
import { nameLocalDirs } from "../../src/storage/local-dirs.ts";
import { openPeers, type TestPeer } from "./peers.ts";

const MiB = 2 ** 20;
const rdd = 1 as RddId;
const folder = mkdtempSync(join(tmpdir(), "firesteel-cached-"));
let open: TestPeer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(peer => peer.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function openExecutors(count: number) {
  open = await openPeers(count);
  return open.map((peer, i) => {
    const pool = attachMemory(createKernelMemory(16 * MiB), { waitMaxMs: 0 });
    const dirs = nameLocalDirs([join(folder, `${i}`)]);
    const store = new BlockStore(pool, { dirs });
    serveCachedBlocks(peer.bulk, pool, store);
    const files = () =>
      (existsSync(dirs.paths[0]!) ? readdirSync(dirs.paths[0]!, { recursive: true, encoding: "utf8" }) : [])
        .filter(name => name.includes("block-"))
        .map(name => join(dirs.paths[0]!, name));
    return { peer, pool, store, files, copies: new CachedBlockCopies(pool, store, { bulk: peer.bulk }) };
  });
}

type Executor = Awaited<ReturnType<typeof openExecutors>>[number];

function put({ pool, store }: Executor, level: StorageLevel, sizes: readonly number[]): Uint8Array[] {
  const random = new Random(7);
  const contents = sizes.map(size => new Uint8Array(size).map(() => random.below(256)));
  const task = pool.openTask(900);
  const writer = store.openWriter(rdd, 0, task, level)!;
  const u8 = new Uint8Array(pool.area.memory.buffer);
  for (const content of contents) expect(writer.append(content.length, ptr => u8.set(content, ptr))).toBe(true);
  writer.commit(5_000_000_000)!.release();
  task.releaseAll();
  return contents;
}

async function read(reader: Executor, holder: Executor): Promise<readonly [number, Uint8Array[]] | undefined> {
  const remote = await openRemoteBlocks({ bulk: reader.peer.bulk }, [holder.peer.address], rdd, 0);
  if (remote === undefined) return undefined;
  const blocks: Uint8Array[] = [];
  for (const bytes of remote.blockBytes) {
    const block = new Uint8Array(bytes);
    await remote.readInto(block);
    blocks.push(block);
  }
  remote.close();
  return [remote.rows, blocks];
}

test("are the same from elsewhere, and as a copy on its disk", async () => {
  const [first, second] = (await openExecutors(2)) as [Executor, Executor];
  const contents = put(first, StorageLevel.DISK_ONLY_2, [3 * MiB, 160, 48]);
  expect(first.pool.shares.use().storage).toBe(0);
  expect(await read(second, first)).toEqual([5_000_000_000, contents]);
  expect(await second.copies.copy({ rdd, partition: 0, from: first.peer.address })).toBe(true);
  expect([second.files().length, second.pool.shares.use().storage]).toEqual([1, 0]);
  expect(await read(first, second)).toEqual([5_000_000_000, contents]);
  expect([first, second].map(({ pool }) => pool.shares.use().tasks)).toEqual([0, 0]);
});

test("are not had where the file is damaged, and forgotten there", async () => {
  const [first, second] = (await openExecutors(2)) as [Executor, Executor];
  put(first, StorageLevel.DISK_ONLY, [MiB, 160]);
  truncateSync(first.files()[0]!, 1000);
  expect(await read(second, first)).toBeUndefined();
  expect([first.store.list(), first.files()]).toEqual([[], []]);
});

test("a copy of what is in memory goes to disk where there is no room", async () => {
  const [first, second] = (await openExecutors(2)) as [Executor, Executor];
  const contents = put(first, StorageLevel.MEMORY_AND_DISK_2, [2 * MiB, 2 * MiB, 2 * MiB]);
  const task = second.pool.openTask(1);
  task.alloc(10 * MiB);
  expect(await second.copies.copy({ rdd, partition: 0, from: first.peer.address })).toBe(true);
  expect([second.files().length, second.pool.shares.use().storage]).toEqual([1, 0]);
  expect(await read(first, second)).toEqual([5_000_000_000, contents]);
  task.releaseAll();
});
