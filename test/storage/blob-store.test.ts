import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobHash, blobPartBytes, BlobStore } from "../../src/storage/blob-store.ts";
import { newFileKey } from "../../src/storage/file-cipher.ts";
import { nameLocalDirs } from "../../src/storage/local-dirs.ts";

const text = (words: string) => new TextEncoder().encode(words);

test("blobs are held as often as they were put, and counted once", () => {
  const store = new BlobStore({ memoryBytesMax: 100 });
  const hash = store.put(text("one"));
  expect(hash).toBe("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
  expect(store.put(text("one"))).toBe(hash);
  expect([store.memoryBytes, store.size]).toEqual([3, 1]);
  store.release(hash);
  expect(store.read(hash)).toEqual(text("one"));
  store.release(hash);
  expect([store.read(hash), store.parts(hash), store.has(hash), store.memoryBytes]).toEqual([
    undefined,
    undefined,
    false,
    0,
  ]);
  store.release(hash);
  expect(store.hold(hash)).toBe(false);
});

test("what does not fit in memory is a file, whole or in parts", () => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-blobs-"));
  try {
    const dirs = nameLocalDirs([folder]);
    const files = () =>
      readdirSync(dirs.paths[0]!, { recursive: true }).filter(name => /blobs.[0-9a-f]/.test(`${name}`));
    const store = new BlobStore({ memoryBytesMax: 1000, dirs });
    const small = store.put(new Uint8Array(900));
    const large = new Uint8Array(2 * blobPartBytes + 7).map((_, i) => i * 31);
    const hash = store.put(large);
    expect([files().length, store.memoryBytes]).toEqual([1, 900]);
    expect(store.read(hash)).toEqual(large);
    const parts = [...store.parts(hash)!];
    expect(parts.map(part => part.length)).toEqual([blobPartBytes, blobPartBytes, 7]);
    expect(Buffer.concat(parts).equals(large)).toBe(true);
    // released memory is there for the next
    store.release(small);
    store.put(new Uint8Array(1000).fill(1));
    expect([files().length, store.memoryBytes]).toEqual([1, 1000]);
    truncateSync(join(dirs.paths[0]!, `${files()[0]}`), 10);
    expect(() => store.read(hash)).toThrow("are cut short");
    store.release(hash);
    expect(files()).toEqual([]);
    store.put(large);
    store.close();
    expect([files().length, store.size, store.memoryBytes]).toEqual([0, 0, 0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("with a key files are encrypted, and what was changed in them is noticed", () => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-blobs-"));
  try {
    const dirs = nameLocalDirs([folder]);
    const store = new BlobStore({ memoryBytesMax: 0, dirs });
    store.encryptWith(newFileKey());
    const secret = text("attack at dawn, ".repeat(100_000));
    const hash = store.put(secret);
    const [name] = readdirSync(join(dirs.paths[0]!, "blobs"));
    const file = join(dirs.paths[0]!, "blobs", name!);
    const bytes = readFileSync(file);
    expect(bytes.includes("attack")).toBe(false);
    expect(Buffer.concat([...store.parts(hash)!]).equals(secret)).toBe(true);
    bytes[1_200_000]! ^= 1;
    writeFileSync(file, bytes);
    expect(() => store.read(hash)).toThrow(`bytes in ${file} were changed: it is not what was encrypted`);
    store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a local dir that cannot be written to is passed over", () => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-blobs-"));
  try {
    const paths = ["bad", "good"].map(name => join(folder, name));
    writeFileSync(paths[0]!, "");
    const store = new BlobStore({ memoryBytesMax: 0, dirs: nameLocalDirs(paths) });
    for (const words of ["one", "two", "three"]) expect(store.read(store.put(text(words)))).toEqual(text(words));
    store.close();
    const none = new BlobStore({ memoryBytesMax: 0, dirs: nameLocalDirs([paths[0]!]) });
    expect(() => none.put(text("one"))).toThrow(
      `writing bytes for other processes to ${paths[0]} failed: a part of the path is a file`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("without a local directory, bytes beyond the bound are refused", () => {
  const store = new BlobStore({ memoryBytesMax: 10 });
  store.put(new Uint8Array(6));
  expect(() => store.put(new Uint8Array(5))).toThrow(
    "5 B for other processes to fetch do not fit: 6 B of 10 B are taken, and there is no local directory",
  );
  expect(store.size).toBe(1);
});

test("shared bytes are not counted, and leave memory that threads share only as copies", () => {
  const store = new BlobStore({ memoryBytesMax: 0 });
  const bytes = new Uint8Array(new SharedArrayBuffer(blobPartBytes + 5)).fill(7);
  const hash = store.share(bytes);
  expect(hash).toBe(blobHash(bytes));
  expect([store.memoryBytes, store.size]).toEqual([0, 1]);
  expect(store.read(hash)!.buffer).toBe(bytes.buffer);
  const parts = [...store.parts(hash)!];
  expect(parts.map(part => [part.length, part.buffer instanceof ArrayBuffer])).toEqual([
    [blobPartBytes, true],
    [5, true],
  ]);
});
