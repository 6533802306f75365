/** Persisted partitions at every storage level and at little memory: computed once, the same rows, whatever happens to files. */
import { afterEach, describe, expect, test } from "bun:test";
import * as nodeFs from "node:fs";
import type { RddId } from "../../src/base/ids.ts";
import { cachedSource } from "../../src/operators/cached.ts";
import { type Chunk, type ChunkSource, chunkToRows } from "../../src/operators/chunk.ts";
import type { TaskEnv } from "../../src/operators/task-env.ts";
import { StorageLevel } from "../../src/plan/storage-level.ts";
import type { SpillFs } from "../../src/storage/spill-file.ts";
import { difference } from "../data/same.ts";
import { heldBytes, inTask, type Pressure, rowsPlan } from "./task-fixture.ts";

const MiB = 2 ** 20;
const rdd = 4 as RddId;
const levels = Object.values(StorageLevel).filter(level => level.memory || level.disk);
let opened: string[] = [];
afterEach(() => (opened = []));
/** Notes which files were made. */
const watching: SpillFs = {
  ...nodeFs,
  openSync: ((path: string, flags: "r") => {
    if (!opened.includes(path)) opened.push(path);
    return nodeFs.openSync(path, flags);
  }) as SpillFs["openSync"],
};

const numbers = Array.from({ length: 60_000 }, (_, i) => i * 1.5);
const kinds: Record<string, readonly unknown[]> = {
  numbers,
  pairs: numbers.map(i => [`key ${i % 700}`, i]),
  mixed: numbers.slice(0, 9000).map(i => (i % 2 === 0 ? i : i % 3 === 0 ? { i, text: "x".repeat(i % 90) } : [i, null])),
  nothing: [],
};

interface Harness {
  readonly env: TaskEnv;
  computed: number;
  drain(source: ChunkSource, upTo?: number): Promise<unknown[]>;
  source(): ChunkSource;
}

async function withRows(
  rows: readonly unknown[],
  storage: StorageLevel,
  pressure: Pressure,
  run: (harness: Harness) => Promise<void>,
): Promise<void> {
  const plan = { ...rowsPlan([]), storage };
  await inTask(
    {},
    async env => {
      const compute = (): ChunkSource => {
        harness.computed++;
        let at = 0;
        return {
          next(): Chunk | undefined {
            if (at >= rows.length) return undefined;
            const next = rows.slice(at, (at += 4000));
            return { kind: "rows", rows: next };
          },
          close: () => {},
        };
      };
      const harness: Harness = {
        env,
        computed: 0,
        source: () => cachedSource(rdd, 0, plan, env, compute),
        async drain(source, upTo = Number.POSITIVE_INFINITY) {
          const all: unknown[] = [];
          try {
            for (let chunk = await source.next(); chunk !== undefined && all.length < upTo; chunk = await source.next())
              all.push(...chunkToRows(env.kernels, chunk));
          } finally {
            source.close();
          }
          return all;
        },
      };
      await run(harness);
      expect(heldBytes(env)).toBe(0);
      env.blocks.remove(rdd);
      expect(env.blocks.list()).toEqual([]);
    },
    { ...pressure, fs: pressure.fs ?? watching },
  );
}

describe("at every storage level the rows are the same, from memory and from disk", () => {
  for (const level of levels) {
    test(level.name, async () => {
      for (const [kind, rows] of Object.entries(kinds)) {
        await withRows(rows, level, {}, async harness => {
          for (let i = 0; i < 3; i++)
            expect([kind, difference(await harness.drain(harness.source()), rows)]).toEqual([kind, undefined]);
          expect(harness.computed).toBe(1);
          const [info] = harness.env.blocks.list();
          expect([info!.pages > 0, info!.diskBytes > 0]).toEqual([level.memory, !level.memory]);
        });
      }
    });
  }
});

test("compressed levels take less memory", async () => {
  const pages: number[] = [];
  for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_ONLY_SER]) {
    await withRows(kinds["pairs"]!, level, {}, async harness => {
      await harness.drain(harness.source());
      pages.push(harness.env.blocks.list()[0]!.pages);
    });
  }
  expect(pages[1]!).toBeLessThan(pages[0]! / 2);
});

test("what has no room goes to disk where the level says so, and is handed on uncached where not", async () => {
  const rows = Array.from({ length: 40_000 }, (_, i) => `${i}${"v".repeat(200)}`);
  for (const level of levels) {
    await withRows(rows, level, { memoryBytes: 5 * MiB }, async harness => {
      for (let i = 0; i < 2; i++) expect(difference(await harness.drain(harness.source()), rows)).toBeUndefined();
      const [info] = harness.env.blocks.list();
      const isCompressed = level.memory && !level.deserialized;
      if (level.disk) expect([harness.computed, info!.pages > 0 || info!.diskBytes > 0]).toEqual([1, true]);
      else if (!isCompressed) expect([harness.computed, info]).toEqual([2, undefined]);
      if (level.disk && !isCompressed) expect(info!.diskBytes).toBeGreaterThan(0);
    });
  }
});

test("a request that is refused while a partition is written makes its blocks smaller at most", async () => {
  for (const level of [StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_ONLY_SER, StorageLevel.DISK_ONLY]) {
    let [requests, whileWritten] = [0, 0];
    const rows = [...kinds["mixed"]!, ...kinds["mixed"]!];
    // each time that a chunk is computed
    rows.slice = (from, to) => {
      whileWritten = requests;
      return Array.prototype.slice.call(rows, from, to);
    };
    const counts = (n: number) => ((requests = n + 1), false);
    await withRows(rows, level, { refuses: counts }, async harness => void (await harness.drain(harness.source())));
    const end = whileWritten;
    expect([level.name, end > 6]).toEqual([level.name, true]);
    // the first ones are for writing at all
    for (let at = 4; at < end; at += 2) {
      let refused = 0;
      await withRows(rows, level, { refuses: n => n === at && ++refused > 0 }, async harness => {
        for (let i = 0; i < 2; i++) expect(difference(await harness.drain(harness.source()), rows)).toBeUndefined();
        expect([level.name, at, refused, harness.computed]).toEqual([level.name, at, 1, 1]);
      });
    }
  }
});

test("a partition on disk is in memory again after it was read where there is room, but not at DISK_ONLY", async () => {
  for (const level of [StorageLevel.MEMORY_AND_DISK, StorageLevel.MEMORY_AND_DISK_SER, StorageLevel.DISK_ONLY]) {
    await withRows(numbers, level, { memoryBytes: 12 * MiB }, async harness => {
      const { env, drain, source } = harness;
      await drain(source());
      env.memory.pool.evict(1 << 20, env.memory.owner);
      const state = () => env.blocks.list().map(({ pages, diskBytes }) => [pages > 0, diskBytes > 0]);
      expect(state()).toEqual([[false, true]]);
      // as long as there is none, from the disk
      const others = env.memory.alloc(9 * MiB);
      env.memory.free(others, 9 * MiB);
      expect(difference(await drain(source()), numbers)).toBeUndefined();
      expect(state()).toEqual([[level.memory, true]]);
      expect(difference(await drain(source()), numbers)).toBeUndefined();
      expect(harness.computed).toBe(1);
    });
  }
});

describe("a file that is damaged", () => {
  const harms: Record<string, (path: string) => void> = {
    deleted: path => nodeFs.rmSync(path),
    cut: path => nodeFs.truncateSync(path, 1000),
    "of other bytes": path => {
      const bytes = nodeFs.readFileSync(path);
      for (let i = 1000; i < bytes.length; i += 50_000) bytes[i]! ^= 1;
      nodeFs.writeFileSync(path, bytes);
    },
    "of other bytes near the end": path => {
      const bytes = nodeFs.readFileSync(path);
      bytes[Math.floor(bytes.length * 0.9)]! ^= 1;
      nodeFs.writeFileSync(path, bytes);
    },
  };
  for (const [how, harm] of Object.entries(harms)) {
    test(`${how} is computed and written again`, async () => {
      for (const storage of [StorageLevel.DISK_ONLY, StorageLevel.MEMORY_AND_DISK]) {
        for (const rows of [numbers, kinds["pairs"]!]) {
          await withRows(rows, storage, {}, async harness => {
            const { env, drain, source } = harness;
            await drain(source());
            env.memory.pool.evict(1 << 20, env.memory.owner);
            const path = opened.at(-1)!;
            harm(path);
            opened = [];
            expect(difference(await drain(source()), rows)).toBeUndefined();
            expect(harness.computed).toBe(2);
            expect(difference(await drain(source()), rows)).toBeUndefined();
            expect(harness.computed).toBe(2);
          });
        }
      }
    });
  }
});

test("a partition with a block that finds no room is computed again", async () => {
  let [isFull, refused] = [false, 0];
  const refuses = (_: number, bytes: number) => isFull && bytes > 16_384 && ++refused > 0;
  await withRows(numbers, StorageLevel.DISK_ONLY, { refuses }, async harness => {
    expect(difference(await harness.drain(harness.source()), numbers)).toBeUndefined();
    isFull = true;
    expect(difference(await harness.drain(harness.source()), numbers)).toBeUndefined();
    expect(refused).toBeGreaterThan(0);
    expect(harness.computed).toBe(2);
    isFull = false;
    expect(difference(await harness.drain(harness.source()), numbers)).toBeUndefined();
    expect(harness.computed).toBe(2);
  });
});

test("a disk that fails while a partition is written costs computing again, and a warning", async () => {
  for (const [doing, from] of [
    ["writeSync", 0],
    ["writeSync", 3],
    ["openSync", 0],
    ["closeSync", 0],
  ] as const) {
    let calls = 0;
    const fs = {
      ...nodeFs,
      [doing]: (...args: unknown[]) => {
        if (calls++ >= from) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        return (nodeFs[doing] as (...args: unknown[]) => unknown)(...args);
      },
    };
    await withRows(numbers, StorageLevel.DISK_ONLY, { fs }, async harness => {
      const warnings: string[] = [];
      (harness.env as { warn?: unknown }).warn = (message: string) => void warnings.push(message);
      expect(difference(await harness.drain(harness.source()), numbers)).toBeUndefined();
      expect(calls).toBeGreaterThan(from);
      expect([harness.computed, harness.env.blocks.list()]).toEqual([2, []]);
      expect(warnings).toEqual([
        expect.stringMatching(/^a partition of parallelize is not kept on disk and computed again: /),
      ]);
    });
  }
});

test("who stops half-way leaves nothing behind", async () => {
  for (const level of levels) {
    await withRows(kinds["pairs"]!, level, {}, async harness => {
      const source = harness.source();
      await source.next();
      source.close();
      await harness.drain(harness.source(), 5000);
      expect(difference(await harness.drain(harness.source()), kinds["pairs"]!)).toBeUndefined();
    });
  }
});
