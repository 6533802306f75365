/** Broadcasts among executors of one driver: who sends how much, and what happens when one of them fails. */
import { afterEach, expect, test } from "bun:test";
import { systemClock } from "../../src/base/clock.ts";
import type { ExecutorId } from "../../src/base/ids.ts";
import { Random } from "../../src/base/random.ts";
import { BlobLocations } from "../../src/exec/blob-locations.ts";
import { BlobClient } from "../../src/shuffle/blob-client.ts";
import { serveBlobs } from "../../src/shuffle/blob-server.ts";
import { BroadcastClient } from "../../src/shuffle/broadcast-client.ts";
import { chunkBytes, releaseChunks, shareChunks } from "../../src/shuffle/broadcast-chunks.ts";
import { BlobStore } from "../../src/storage/blob-store.ts";
import { nowhere, openPeers, type TestPeer } from "./peers.ts";

const MiB = 1 << 20;
let open: TestPeer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(peer => peer.close()));
});

/** A driver and executors; `silent` ones are known as sources, and cannot be reached. */
async function setUp(executors: number, silent: readonly number[] = []) {
  open = await openPeers(executors + 1);
  const [driver, ...others] = open as [TestPeer, ...TestPeer[]];
  const driverStore = new BlobStore({ memoryBytesMax: 0 });
  serveBlobs(driver.bulk, driverStore);
  const locations = new BlobLocations();
  const clients = others.map((peer, id) => {
    const store = new BlobStore({ memoryBytesMax: 0 });
    const client = new BlobClient({ bulk: peer.bulk, store, clock: systemClock, roundWaitMs: 1 });
    serveBlobs(peer.bulk, store, hash => client.pending(hash));
    const random = new Random(id);
    const broadcasts = new BroadcastClient({
      client,
      store,
      driver: driver.address,
      locate: async hash => {
        const sources = locations.locate(hash, id as ExecutorId);
        return sources.map(source => (silent.includes(source) ? nowhere() : others[source]!.address));
      },
      random: () => random.float(),
    });
    return { broadcasts, store };
  });
  return { driver, driverStore, executors: others, locations, clients };
}

function someBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >> 2);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed, 0x9e3779b1);
  return bytes;
}

test("100 MB to 4 executors: the driver sends them about once, each executor gets them once", async () => {
  const { driver, driverStore, executors, clients } = await setUp(4);
  const value = someBytes(100 * 1_000_000 + 12);
  const description = shareChunks(value, driverStore);
  const copies = await Promise.all(clients.map(({ broadcasts }) => broadcasts.fetch(description)));
  for (const copy of copies) {
    expect(copy.buffer instanceof SharedArrayBuffer).toBe(true);
    expect(Buffer.compare(copy, value)).toBe(0);
  }
  expect(driver.sent.bytes).toBe(value.length);
  const all = [driver, ...executors].reduce((sum, peer) => sum + peer.sent.bytes, 0);
  expect(all).toBe(4 * value.length);
}, 120_000);

test("executors that come later are served by those that have it", async () => {
  const { driver, driverStore, clients } = await setUp(3);
  const value = someBytes(3 * chunkBytes + 1);
  const description = shareChunks(value, driverStore);
  for (const { broadcasts } of clients) expect(await broadcasts.fetch(description)).toEqual(value);
  expect(driver.sent.bytes).toBe(value.length);
});

test("chunks that an executor no longer has come from the driver", async () => {
  const { driver, driverStore, clients } = await setUp(2);
  const value = someBytes(2 * chunkBytes);
  const description = shareChunks(value, driverStore);
  await clients[0]!.broadcasts.fetch(description);
  clients[0]!.broadcasts.release(description);
  expect(clients[0]!.store.size).toBe(0);
  expect(await clients[1]!.broadcasts.fetch(description)).toEqual(value);
  expect(driver.sent.bytes).toBe(2 * value.length);
});

test("executors that cannot be reached keep nobody from a broadcast", async () => {
  const { driver, driverStore, clients } = await setUp(3, [0, 1]);
  const value = someBytes(2 * chunkBytes + 5);
  const description = shareChunks(value, driverStore);
  for (const { broadcasts } of clients) expect(await broadcasts.fetch(description)).toEqual(value);
  expect(driver.sent.bytes).toBe(3 * value.length);
});

test("chunks that are alike are fetched once and stand in all their places", async () => {
  const { driver, driverStore, clients } = await setUp(1);
  const value = new Uint8Array(5 * chunkBytes + 3).fill(9);
  const description = shareChunks(value, driverStore);
  expect(new Set(description.chunks).size).toBe(2);
  expect(await clients[0]!.broadcasts.fetch(description)).toEqual(value);
  expect(driver.sent.bytes).toBe(chunkBytes + 3);
  releaseChunks(description, driverStore);
  clients[0]!.broadcasts.release(description);
  expect([driverStore.size, clients[0]!.store.size]).toEqual([0, 0]);
});

test("a broadcast that nobody has is an error, and leaves nothing", async () => {
  const { driverStore, clients } = await setUp(1);
  const description = shareChunks(someBytes(3 * chunkBytes), driverStore);
  driverStore.release(description.chunks[1]!);
  const error = await clients[0]!.broadcasts.fetch(description).catch(thrown => thrown);
  expect(error).toMatchObject({ kind: "lost" });
  expect(clients[0]!.store.size).toBe(0);
  const wrong = await clients[0]!.broadcasts.fetch({ ...description, bytes: 5 * MiB }).catch(thrown => thrown);
  expect(wrong).toMatchObject({ kind: "internal" });
});
