/** Jobs larger than memory: the same bytes whatever memory and threads there are, and nothing left on disk. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context, Rdd } from "../../src/index.ts";
import { loadSuite, startContext, stopContext } from "./suite.ts";

const suite = await loadSuite<{
  names: readonly string[];
  digest(ctx: Context, name: string): Promise<string[]>;
  shuffled(ctx: Context): Rdd<[string, string]>;
}>("spilled-jobs");
const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
const timeoutMs = 600_000;

/** FIRESTEEL_TEST_SPILLS=all tries all sizes. */
const places =
  process.env.FIRESTEEL_TEST_SPILLS === "all"
    ? ["512m", "16m", "24m", "32m", "64m"].flatMap(memory => [place("local[1]", memory), place("local[2]", memory)])
    : [place("local[1]", "512m"), place("local[2]", "16m", "true"), place("local[2]", "16m", "false")];
const digests = new Map<string, string[]>();

describe("jobs larger than memory", () => {
  for (const { master, memory, compress, spills } of places) {
    test(
      `${master}, ${memory}, compress ${compress}`,
      async () => {
        const dirs = join(folder, "dirs");
        let spilledBytes = 0;
        const files = { "firesteel.local.dirs": dirs, "firesteel.shuffle.compress": compress };
        const ctx = await startContext(
          "spilled-jobs",
          { master, conf: { "firesteel.executor.memory": memory, ...files } },
          {
            onEvent: event => {
              if (event.type === "taskEnded") spilledBytes += event.metrics?.spilledBytes ?? 0;
            },
          },
        );
        try {
          for (const name of suite.names) {
            spilledBytes = 0;
            const digest = await suite.digest(ctx, name);
            expect([name, digest]).toEqual([name, digests.get(name) ?? digest]);
            digests.set(name, digest);
            if (spills) expect([name, spilledBytes > 0]).toEqual([name, true]);
            expect([name, taskFolders(dirs)]).toEqual([name, []]);
          }
        } finally {
          await stopContext(ctx);
        }
        expect(existsSync(dirs) ? readdirSync(dirs) : []).toEqual([]);
      },
      timeoutMs,
    );
  }
});

test(
  "a damaged map output is computed again, and only that",
  async () => {
    const dirs = join(folder, "damaged");
    const mapStages = new Set<number>();
    let mapTasks = 0;
    const ctx = await startContext(
      "spilled-jobs",
      { master: "local[2]", conf: { "firesteel.executor.memory": "16m", "firesteel.local.dirs": dirs } },
      {
        onEvent: event => {
          if (event.type === "stageSubmitted" && event.name.startsWith("partitionBy")) mapStages.add(event.stage);
          if (event.type === "taskStarted" && mapStages.has(event.stage)) mapTasks++;
        },
      },
    );
    try {
      const shuffled = suite.shuffled(ctx);
      const before = await shuffled.collect();
      expect(mapTasks).toBe(2);
      const [file] = filesBelow(dirs).filter(path => /exchange-\d+.map-\d+-/.test(path));
      const bytes = readFileSync(file!);
      bytes[bytes.length >> 1]! ^= 0x10;
      writeFileSync(file!, bytes);
      expect(await shuffled.collect()).toEqual(before);
      expect(mapTasks).toBe(3);
    } finally {
      await stopContext(ctx);
    }
  },
  timeoutMs,
);

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
}

/** What tasks have spilled and not taken away. */
function taskFolders(dirs: string): string[] {
  if (!existsSync(dirs)) return [];
  return readdirSync(dirs, { recursive: true })
    .map(String)
    .filter(path => /\/task-\d+$/.test(path));
}

function place(master: string, memory: string, compress = "auto") {
  return { master, memory, compress, spills: memory === "16m" || memory === "24m" };
}
