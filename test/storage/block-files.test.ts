/** Cached partitions that leave memory for files and come back, and what damaged, full and missing disks do to them. */
import { afterEach, describe, expect, test } from "bun:test";
import * as nodeFs from "node:fs";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { entangled, storageOwner } from "../../src/kernel/owners.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import { CacheLost } from "../../src/storage/cache-writer.ts";
import type { SpillFs } from "../../src/storage/spill-file.ts";
import { a, b, fill, folder, MiB, openStore as open, stamp, stampAt, stamps } from "./cached-files.ts";

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failing = (doing: keyof SpillFs, when: () => boolean): SpillFs => ({
  ...nodeFs,
  [doing]: (...args: unknown[]) => {
    if (when()) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    return (nodeFs[doing] as (...args: unknown[]) => unknown)(...args);
  },
});

describe("partitions that may be on disk", () => {
  for (const compresses of [false, true]) {
    test(`leave memory for files under pressure, ${compresses ? "compressed" : "plain"}, and are read from there`, () => {
      const { pool, task, put, read, states, files, store, expectEmpty } = open({ compresses });
      for (let i = 0; i < 4; i++) expect(put(a, i, MiB, StorageLevel.MEMORY_AND_DISK)).toBe(true);
      expect(put(b, 0, MiB, StorageLevel.MEMORY_ONLY)).toBe(true);
      const own = task();
      expect(read(a, 0, own)).toEqual(stamps(1, 0));
      const big = own.alloc(10 * MiB);
      expect(states(a)).toEqual(["memory", "disk", "disk", "disk"]);
      expect(states(b)).toEqual([]);
      own.free(big, 10 * MiB);
      for (let i = 0; i < 4; i++) expect(read(a, i, own)).toEqual(stamps(1, i));
      expect(files().length).toBe(3);
      const size = nodeFs.statSync(files()[0]!).size;
      if (compresses) expect(size).toBeLessThan(MiB);
      else expect(size).toBeGreaterThan(3 * MiB);
      own.releaseAll();
      expect(pool.shares.use().tasks).toBe(0);
      store.remove(a);
      expectEmpty();
    });
  }

  test("are encrypted where local files are", () => {
    for (const compresses of [false, true]) {
      const { task, put, read, files, store, expectEmpty } = open({ compresses, encrypts: true });
      put(a, 0, MiB, StorageLevel.DISK_ONLY);
      const bytes = readFileSync(files()[0]!);
      expect(bytes.includes("segments")).toBe(false);
      expect(bytes.includes(new Uint8Array(Int32Array.of(stamp(1, 0, 1), stamp(1, 0, 1), stamp(1, 0, 1)).buffer))).toBe(
        false,
      );
      const own = task();
      expect(read(a, 0, own)).toEqual(stamps(1, 0));
      own.releaseAll();
      store.remove(a);
      expectEmpty();
    }
  });

  test("go to disk at once at DISK_ONLY, and when there is no room for the rest", () => {
    const { pool, task, put, read, states, store, expectEmpty } = open();
    const own = task();
    own.alloc(8 * MiB);
    expect(put(a, 0, 2 * MiB, StorageLevel.MEMORY_AND_DISK, 6)).toBe(true);
    expect(put(b, 0, 2 * MiB, StorageLevel.DISK_ONLY, 2)).toBe(true);
    expect([states(a), states(b), pool.shares.use().storage]).toEqual([["disk"], ["disk"], 0]);
    expect([read(a, 0, own), read(b, 0, own)]).toEqual([stamps(1, 0, 6), stamps(2, 0, 2)]);
    own.releaseAll();
    store.remove(a);
    store.remove(b);
    expectEmpty();
  });

  test("make room for the operators of the task that writes them", () => {
    const { store, task, read, states, expectEmpty, pool } = open();
    const own = task();
    const writer = store.openWriter(a, 0, own, StorageLevel.MEMORY_AND_DISK)!;
    for (let i = 0; i < 6; i++) writer.append(2 * MiB, ptr => fill(pool.area.words, ptr, 2 * MiB, stamp(1, 0, i)));
    const sort = own.withOperator("sort");
    const rows = sort.alloc(10 * MiB);
    expect(writer.blocks.length).toBe(0);
    sort.free(rows, 10 * MiB);
    writer.append(2 * MiB, ptr => fill(pool.area.words, ptr, 2 * MiB, stamp(1, 0, 6)));
    writer.commit(70)!.release();
    expect([states(a), read(a, 0, own)]).toEqual([["disk"], stamps(1, 0, 7)]);
    own.releaseAll();
    store.remove(a);
    expectEmpty();
  });

  test("come back into memory where there is room, and leave it again without being written", () => {
    const { store, task, put, states, files, pool, expectEmpty } = open();
    put(a, 0, MiB, StorageLevel.MEMORY_AND_DISK);
    const own = task();
    own.free(own.alloc(15 * MiB), 15 * MiB);
    expect(states(a)).toEqual(["disk"]);
    const cached = store.get(a, 0, own)!;
    const file = cached.openFile(own);
    const staged = cached.stage(file.blockBytes)!;
    for (const [i, bytes] of file.blockBytes.entries()) file.read(i, staged.add(bytes)!);
    expect(cached.adopt(staged, file.rows)).toBe(true);
    file.close();
    expect(states(a)).toEqual(["memorydisk"]);
    const again = store.get(a, 0, own)!;
    expect([again.rows, again.blocks!.map(({ ptr, bytes }) => stampAt(pool.area.words, ptr, bytes))]).toEqual([
      30,
      stamps(1, 0),
    ]);
    again.release();
    cached.release();
    const [path] = files();
    writeFileSync(path!, "");
    own.free(own.alloc(15 * MiB), 15 * MiB);
    expect([states(a), readFileSync(path!).length]).toEqual([["disk"], 0]);
    own.releaseAll();
    store.remove(a);
    expectEmpty();
  });
});

describe("faults", () => {
  test("a damaged, cut or deleted file is never read as rows, and is forgotten", () => {
    const harms: ((path: string) => void)[] = [
      path => {
        const bytes = readFileSync(path);
        bytes[MiB + 17]! ^= 4;
        writeFileSync(path, bytes);
      },
      path => truncateSync(path, MiB),
      path => truncateSync(path, readFileSync(path).length - 1),
      path => rmSync(path),
      path => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 9]! ^= 1;
        writeFileSync(path, bytes);
      },
    ];
    for (const harm of harms) {
      const { store, task, put, read, files, expectEmpty } = open();
      put(a, 0, MiB, StorageLevel.DISK_ONLY);
      harm(files()[0]!);
      const own = task();
      expect(() => read(a, 0, own)).toThrow(/cannot be read back/);
      expect(read(a, 0, own)).toBeUndefined();
      expect(put(a, 0, MiB, StorageLevel.DISK_ONLY)).toBe(true);
      expect(read(a, 0, own)).toEqual(stamps(1, 0));
      own.releaseAll();
      store.remove(a);
      expectEmpty();
    }
  });

  test("a full disk is passed over; when all are, an evicted partition is dropped and a written one is lost", () => {
    let writes = 0;
    let fullFrom = 2;
    let fullTo = 3;
    const fs = failing("writeSync", () => {
      const n = writes++;
      return n >= fullFrom && n < fullTo;
    });
    const { task, put, read, states, store, expectEmpty } = open({ dirs: 3, fs });
    put(a, 0, MiB, StorageLevel.MEMORY_AND_DISK);
    const own = task();
    own.free(own.alloc(15 * MiB), 15 * MiB);
    expect(writes).toBeGreaterThan(4);
    expect([states(a), read(a, 0, own)]).toEqual([["disk"], stamps(1, 0)]);
    put(a, 1, MiB, StorageLevel.MEMORY_AND_DISK);
    [fullFrom, fullTo] = [writes, Infinity];
    own.free(own.alloc(15 * MiB), 15 * MiB);
    expect(writes).toBeGreaterThan(fullFrom + 2);
    expect(states(a)).toEqual(["disk"]);
    expect(read(a, 1, own)).toBeUndefined();
    const writer = store.openWriter(b, 0, own, StorageLevel.DISK_ONLY)!;
    expect(() => writer.append(MiB, () => {})).toThrow(CacheLost);
    writer.abort();
    own.releaseAll();
    store.remove(a);
    expectEmpty();
  });

  test("a thread that dies while it spills, reads back or writes leaves what is whole", () => {
    const { pool, store, put, read, task, states, files, expectEmpty } = open();
    const { words } = pool.area;
    for (let i = 0; i < 4; i++) put(a, i, MiB, StorageLevel.MEMORY_AND_DISK);
    const entryAt = (partition: number) => pool.area.entriesAt + 16 * partition;
    const dying = (partition: number, state: number) => {
      const owner = pool.openTask(100 + partition).owner;
      pool.owners.entangle(owner, entangled.entries);
      Atomics.store(words, entryAt(partition), state | (owner << 4));
      return owner;
    };
    // before its file is whole
    dying(0, 8);
    words[entryAt(0) + 9] = -1;
    words[entryAt(0) + 10] = 0x1234;
    // after: the first of its pages is the dying one's already
    const own = task();
    const first = store.get(a, 1, own)!;
    first.release();
    const owner = dying(1, 8);
    const list = words[entryAt(1) + 3]!;
    pool.pages.transfer(words[list / 4 + 4]!, 1, storageOwner, owner, owner);
    // its rdd is removed meanwhile
    dying(2, 9);
    // while the file is written that nobody has named yet
    const writing = pool.openTask(200);
    const writer = store.openWriter(b, 0, writing, StorageLevel.DISK_ONLY)!;
    writer.append(MiB, () => {});
    expect(files().length).toBe(1);
    for (const id of [100, 101, 102, 200]) pool.reclaimTask(id);
    expect(files()).toEqual([]);
    expect(read(a, 0, own)).toEqual(stamps(1, 0));
    expect([read(a, 1, own), read(a, 2, own), read(b, 0, own)]).toEqual([undefined, undefined, undefined]);
    expect(read(a, 3, own)).toEqual(stamps(1, 3));
    own.free(own.alloc(15 * MiB), 15 * MiB);
    expect(states(a)).toEqual(["disk", "disk"]);
    // into memory again, as far as an adopting thread gets that dies after half of its pages
    const adopting = pool.openTask(300);
    const cached = store.get(a, 0, adopting)!;
    const file = cached.openFile(adopting);
    const staged = cached.stage(file.blockBytes)!;
    for (const [i, bytes] of file.blockBytes.entries()) file.read(i, staged.add(bytes)!);
    staged.handOver = () => {
      throw new Error("it died");
    };
    expect(() => cached.adopt(staged, 30)).toThrow("it died");
    pool.reclaimTask(300);
    expect([states(a), read(a, 0, own), pool.shares.use().storage]).toEqual([["disk", "disk"], stamps(1, 0), 0]);
    own.releaseAll();
    store.remove(a);
    expectEmpty();
  });
});
