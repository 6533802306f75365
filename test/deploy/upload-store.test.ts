import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/base/clock.ts";
import { UploadStore } from "../../src/deploy/upload-store.ts";
import { sendBlob, serveBlobs } from "../../src/deploy/blob-transfer.ts";
import { InProcessNetwork } from "../../src/rpc/in-process-transport.ts";
import { createRpcEnv } from "../../src/rpc/rpc-env.ts";

const root = mkdtempSync(join(tmpdir(), "firesteel-blobs-"));
afterAll(() => rmSync(root, { recursive: true }));

class SetClock implements Clock {
  ms = Date.now();
  nowMs = () => this.ms;
  after = () => ({ cancel() {} });
}

const bytesOf = (text: string) => [Buffer.from(text)];
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

function store(more: Partial<ConstructorParameters<typeof UploadStore>[0]> = {}) {
  const folder = mkdtempSync(join(root, "store-"));
  const clock = new SetClock();
  const inUse = new Set<string>();
  const options = { folder, clock, blobBytesMax: 100, totalBytesMax: 250, inUse: async () => inUse, ...more };
  return { folder, clock, inUse, options, blobs: new UploadStore(options) };
}

describe("blobs", () => {
  test("are kept by their hash, and read back", async () => {
    const { blobs, folder } = store();
    expect(await blobs.put([Buffer.from("so"), Buffer.from("me")])).toEqual({ hash: hashOf("some"), bytes: 4 });
    const read = (await blobs.read(hashOf("some")))!;
    const chunks: Uint8Array[] = [];
    for await (const chunk of read.chunks) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("some");
    expect(readdirSync(folder)).toEqual([hashOf("some")]);
    expect(await blobs.find(hashOf("other"))).toBeUndefined();
    for (const odd of ["../x", "", ".", hashOf("some").toUpperCase()]) expect(await blobs.read(odd)).toBeUndefined();
  });

  test("of another hash, or too many bytes, or a sender that breaks off, leave nothing behind", async () => {
    const { blobs, folder } = store();
    await expect(blobs.put(bytesOf("a"), hashOf("b"))).rejects.toMatchObject({ kind: "data" });
    await expect(blobs.put([Buffer.alloc(60), Buffer.alloc(60)])).rejects.toMatchObject({ kind: "resource" });
    async function* broken() {
      yield Buffer.alloc(10);
      throw new Error("cut");
    }
    await expect(blobs.put(broken())).rejects.toThrow("cut");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("unfinished ones of an earlier process are removed", async () => {
    const { blobs, folder } = store();
    writeFileSync(join(folder, "partial-1"), "x");
    await blobs.put(bytesOf("a"));
    expect(readdirSync(folder)).toEqual([hashOf("a")]);
  });

  test("the one unused for longest makes room, never one that is needed or new", async () => {
    const { blobs, clock, inUse } = store();
    const put = async (letter: string) => {
      clock.ms += 11 * 60_000;
      return (await blobs.put(bytesOf(letter.repeat(80)))).hash;
    };
    const [a, b, c] = [await put("a"), await put("b"), await put("c")];
    inUse.add(a);
    clock.ms += 1;
    const d = await put("d");
    const there = await Promise.all([a, b, c, d].map(async hash => (await blobs.find(hash)) !== undefined));
    expect(there).toEqual([true, false, true, true]);
    // c is read, so that it is the newest but d; nothing is old enough now
    await blobs.read(c);
    await expect(blobs.put(bytesOf("e".repeat(80)))).rejects.toMatchObject({
      kind: "resource",
      message: "the master has no room for 80 B more of jobs and files",
    });
    // what is there already needs no room
    expect((await blobs.put(bytesOf("d".repeat(80)))).hash).toBe(d);
  });
});

describe("parts over RPC's bulk connections", () => {
  async function pair(blobs: UploadStore, clock: Clock) {
    const network = new InProcessNetwork();
    const at = { host: "m", port: 7077 };
    const master = await createRpcEnv({ role: "master", transport: network.transport(at) });
    serveBlobs(master.bulk, blobs, clock);
    const client = await createRpcEnv({ role: "submit", transport: network.transport({ listens: false }) });
    const part = async (path: string, body: string) => {
      let text = "";
      for await (const chunk of await client.bulk.open(at, `blob-parts/${path}`, Buffer.from(body)))
        text += Buffer.from(chunk).toString();
      return text;
    };
    const close = async () => {
      await client.shutdown();
      await master.shutdown();
    };
    return { client, at, part, close };
  }

  test("arrive in order, verified", async () => {
    const { blobs, clock, folder } = store();
    const { client, at, part, close } = await pair(blobs, clock);
    await sendBlob(client.bulk, at, hashOf("whole"), Buffer.from("whole"));
    expect(await blobs.find(hashOf("whole"))).toMatchObject({ bytes: 5 });
    await sendBlob(client.bulk, at, hashOf(""), Buffer.from(""));
    expect(await blobs.find(hashOf(""))).toMatchObject({ bytes: 0 });
    const hash = hashOf("abcdef");
    expect(await part(`${hash}/0/6`, "abc")).toBe("more");
    expect(await part(`${hash}/3/6`, "def")).toBe("known");
    expect(await part(`${hash}/0/6`, "abc")).toBe("known");
    for (const [path, body] of [
      [`${hashOf("x")}/3/6`, "def"],
      [`${hashOf("x")}/0/2`, "wrong"],
      [`${hashOf("x")}/0/1`, "y"],
      [`${hashOf("x")}/0/101`, "y"],
      ["../../etc/passwd/0/1", "y"],
      ["x", "y"],
    ] as const)
      await expect(part(path, body)).rejects.toBeInstanceOf(Error);
    expect(readdirSync(folder).filter(name => name.startsWith("partial"))).toEqual([]);
    await close();
  });

  test("uploads that stopped give way, and there are so many at once", async () => {
    const { blobs, clock, folder } = store();
    const { part, close } = await pair(blobs, clock);
    for (let i = 0; i < 16; i++) expect(await part(`${hashOf(`x${i}`)}/0/9`, "x")).toBe("more");
    await expect(part(`${hashOf("one more")}/0/9`, "x")).rejects.toThrow("too many blobs at once");
    clock.ms += 60_001;
    expect(await part(`${hashOf("one more")}/0/9`, "x")).toBe("more");
    expect(readdirSync(folder)).toHaveLength(1);
    await close();
  });
});
