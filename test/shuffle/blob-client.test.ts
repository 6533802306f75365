import { afterEach, expect, test } from "bun:test";
import { systemClock } from "../../src/base/clock.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import { BlobClient } from "../../src/shuffle/blob-client.ts";
import { blobPrefix, serveBlobs } from "../../src/shuffle/blob-server.ts";
import { blobHash, blobPartBytes, BlobStore } from "../../src/storage/blob-store.ts";
import { nowhere, openPeers, type TestPeer } from "./peers.ts";

const MiB = 1 << 20;
let open: TestPeer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(peer => peer.close()));
});

/** Peers with stores; the last one fetches. */
async function setUp(count: number) {
  open = await openPeers(count);
  const own = open.at(-1)!;
  const stores = open.map(() => new BlobStore({ memoryBytesMax: 64 * MiB }));
  open.slice(0, -1).forEach((peer, i) => serveBlobs(peer.bulk, stores[i]!));
  const store = stores.at(-1)!;
  const client = new BlobClient({ bulk: own.bulk, store, clock: systemClock, roundWaitMs: 1 });
  serveBlobs(own.bulk, store, hash => client.pending(hash));
  return { client, store, stores, addresses: open.slice(0, -1).map(peer => peer.address), own: own.address };
}

const content = new Uint8Array(2 * blobPartBytes + 100).map((_, i) => i * 7);

test("a blob is fetched once, whoever asks at the same time, and not when it is here", async () => {
  const { client, store, stores, addresses } = await setUp(2);
  const hash = stores[0]!.put(content);
  const all = await Promise.all([1, 2, 3].map(() => client.fetch(hash, addresses)));
  for (const bytes of all) expect(Buffer.compare(bytes, content)).toBe(0);
  expect(open[0]!.sent).toEqual({ requests: 1, bytes: content.length });
  expect(store.size).toBe(0);
  await client.acquire(hash, addresses);
  await client.acquire(hash, []);
  expect(open[0]!.sent.requests).toBe(2);
  store.release(hash);
  expect(await client.fetch(hash, [])).toEqual(content);
  store.release(hash);
  expect(store.size).toBe(0);
});

test("sources that are gone, have nothing or lie are passed over", async () => {
  const { client, stores, addresses } = await setUp(5);
  const hash = stores[3]!.put(content);
  // one has other bytes under the name, one breaks off in the middle
  stores[1]!.share(content.slice(1), hash);
  stores[2]!.parts = () =>
    (function* () {
      yield content.slice(0, 10);
      throw new FiresteelError("lost", "the disk is gone");
    })();
  const into = new Uint8Array(content.length);
  await client.fetch(hash, [nowhere(), ...addresses], { into });
  expect(Buffer.compare(into, content)).toBe(0);
  expect(open.map(peer => peer.sent.requests)).toEqual([1, 1, 1, 1, 0]);
});

test("when no source has it, the error says what each said, after some rounds", async () => {
  const { client, addresses } = await setUp(2);
  const hash = blobHash(content);
  const error = (await client.fetch(hash, [nowhere(), addresses[0]!]).catch(thrown => thrown)) as FiresteelError;
  expect(error.kind).toBe("lost");
  expect(error.message).toContain(`bytes ${hash.slice(0, 12)}… could not be fetched: nowhere:1: `);
  expect(error.message).toContain(`host-0:${addresses[0]!.port}: bytes ${hash.slice(0, 12)}… are not here (any more)`);
  expect(open[0]!.sent.requests).toBe(3);
  const none = (await client.fetch(hash, []).catch(thrown => thrown)) as FiresteelError;
  expect(none.message).toEndWith("could not be fetched: nobody has them");
  expect(client.pending(hash)).toBeUndefined();
});

test("a source that comes back later is found in another round", async () => {
  const { client, stores, addresses } = await setUp(2);
  const hash = blobHash(content);
  const parts = stores[0]!.parts.bind(stores[0]!);
  let asked = 0;
  stores[0]!.parts = name => {
    if (++asked === 2) stores[0]!.put(content);
    return parts(name);
  };
  expect(await client.fetch(hash, addresses)).toEqual(content);
  expect(asked).toBe(2);
});

test("more bytes than said are not taken in", async () => {
  const { client, stores, addresses } = await setUp(2);
  const hash = stores[0]!.put(content);
  const error = (await client.fetch(hash, [addresses[0]!], { bytes: 1000 }).catch(thrown => thrown)) as FiresteelError;
  expect(error.message).toContain("it sends more than 1000 B");
});

test("a process that fetches a blob passes it on when it has it", async () => {
  const { client, stores, addresses, own } = await setUp(3);
  const hash = stores[0]!.put(content);
  let release!: () => void;
  const held = new Promise<void>(resolve => (release = resolve));
  const first = client.fetch(hash, async () => {
    await held;
    return [addresses[0]!];
  });
  const other = new BlobClient({ bulk: open[1]!.bulk, store: stores[1]!, clock: systemClock });
  const second = other.fetch(hash, [own]);
  release();
  expect(Buffer.compare(await first, await second)).toBe(0);
  expect(open.map(peer => peer.sent.requests)).toEqual([1, 0, 1]);
});

test("a source that stalls is asked last from then on", async () => {
  const { stores, addresses } = await setUp(3);
  const hashes = [content, content.slice(1), content.slice(2)].map(bytes => stores[1]!.put(bytes));
  // it answers, and then says nothing
  stores[0]!.parts = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) as never;
  const [stuck, good] = open;
  const own = { bulk: open[2]!.bulk, store: stores[2]!, clock: systemClock };
  const client = new BlobClient({ ...own, idleTimeoutMs: 500 });
  for (const hash of hashes) expect((await client.fetch(hash, addresses)).length).toBeGreaterThan(content.length - 3);
  expect([stuck!.sent.requests, good!.sent.requests]).toEqual([1, 3]);
});

test("names that are no hashes are refused", async () => {
  const { client } = await setUp(2);
  const stream = open[1]!.bulk.open(open[0]!.address, `${blobPrefix}../../etc/passwd`, new Uint8Array());
  expect(((await stream.catch(thrown => thrown)) as Error).message).toBe(
    "a blob is asked for by its sha256 in hexadecimal digits",
  );
  expect(client.pending("../../etc/passwd")).toBeUndefined();
});
