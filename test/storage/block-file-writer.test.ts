/** Cached partitions whose local dir fails, or goes, while their file is written: the file is made whole in another. */
import { afterEach, expect, test } from "bun:test";
import * as nodeFs from "node:fs";
import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import type { SpillFs } from "../../src/storage/spill-file.ts";
import { a, fill, folder, MiB, openStore as open, stamp, stamps } from "./cached-files.ts";

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Of one partition of three blocks: how many writes it takes. */
function countWrites(changes: { readonly compresses: boolean; readonly encrypts: boolean }): {
  readonly length: number;
} {
  let length = 0;
  const fs: SpillFs = {
    ...nodeFs,
    writeSync: ((...args: Parameters<typeof nodeFs.writeSync>) => {
      length++;
      return nodeFs.writeSync(...args);
    }) as typeof nodeFs.writeSync,
  };
  const { put, store } = open({ ...changes, fs });
  put(a, 0, MiB, StorageLevel.DISK_ONLY);
  store.remove(a);
  return { length };
}

function dirOfBlock(file: string): string {
  return /dir-\d+/.exec(file)![0];
}

for (const [compresses, encrypts] of [
  [false, false],
  [true, true],
] as const) {
  test(`a dir that fails between two blocks, or at the index, is left with all that is in it${encrypts ? ", packed and encrypted" : ""}`, () => {
    const { length: inAll } = countWrites({ compresses, encrypts });
    for (const code of ["ENOSPC", "EIO", "EROFS"]) {
      for (const at of [0, 1, inAll >> 1, inAll - 2, inAll - 1]) {
        let writes = 0;
        const failed = new Set<string>();
        const placeOf = new Map<number, string>();
        const fs: SpillFs = {
          ...nodeFs,
          openSync: ((file: string, ...rest: [string, number]) => {
            const fd = nodeFs.openSync(file, ...rest);
            placeOf.set(fd, dirOfBlock(file));
            return fd;
          }) as typeof nodeFs.openSync,
          writeSync: ((fd: number, ...rest: [Uint8Array, number, number, number]) => {
            const place = placeOf.get(fd)!;
            if (writes++ === at) failed.add(place);
            if (failed.has(place)) throw Object.assign(new Error("injected"), { code });
            return nodeFs.writeSync(fd, ...rest);
          }) as typeof nodeFs.writeSync,
        };
        const { task, put, read, files, store, expectEmpty } = open({ dirs: 2, fs, compresses, encrypts });
        expect(put(a, 0, MiB, StorageLevel.DISK_ONLY)).toBe(true);
        expect(failed.size).toBe(1);
        expect(files().map(dirOfBlock)).not.toContain([...failed][0]!);
        const own = task();
        expect(read(a, 0, own)).toEqual(stamps(1, 0));
        own.releaseAll();
        store.remove(a);
        expectEmpty();
      }
    }
  });
}

test("a folder that goes before its file is there is made again", () => {
  let removals = 0;
  const fs: SpillFs = {
    ...nodeFs,
    openSync: ((file: string, ...rest: [string, number]) => {
      if (removals++ < 2) rmSync(dirname(file), { recursive: true });
      return nodeFs.openSync(file, ...rest);
    }) as typeof nodeFs.openSync,
  };
  const { task, put, read, states, store, expectEmpty } = open({ fs });
  expect(put(a, 0, MiB, StorageLevel.DISK_ONLY)).toBe(true);
  expect(removals).toBeGreaterThan(2);
  const own = task();
  expect([states(a), read(a, 0, own)]).toEqual([["disk"], stamps(1, 0)]);
  own.releaseAll();
  store.remove(a);
  expectEmpty();
});

test("dirs that are removed under a file in the making: it is made again, also in the only one", () => {
  for (const count of [1, 2]) {
    const { task, dirs, read, states, store, expectEmpty, pool } = open({ dirs: count });
    const own = task();
    const writer = store.openWriter(a, 0, own, StorageLevel.DISK_ONLY)!;
    for (let i = 0; i < 3; i++) writer.append(MiB, ptr => fill(pool.area.words, ptr, MiB, stamp(1, 0, i)));
    const removed = dirs.paths.filter(path => existsSync(path));
    expect(removed.length).toBe(1);
    rmSync(removed[0]!, { recursive: true });
    writer.commit(30)!.release();
    expect([states(a), read(a, 0, own)]).toEqual([["disk"], stamps(1, 0)]);
    own.releaseAll();
    store.remove(a);
    expectEmpty();
  }
});
