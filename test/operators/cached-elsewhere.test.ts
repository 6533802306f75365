/** Persisted partitions that another executor holds, and what happens when it fails. */
import { expect, test } from "bun:test";
import { FiresteelError, isRetryable } from "../../src/base/errors.ts";
import type { RddId } from "../../src/base/ids.ts";
import { cachedSource } from "../../src/operators/cached.ts";
import { type ChunkSource, chunkToRows } from "../../src/operators/chunk.ts";
import { openPlan } from "../../src/operators/open.ts";
import type { TaskEnv } from "../../src/operators/task-env.ts";
import type { KeptPlan } from "../../src/plan/nodes.ts";
import type { RemoteBlocks } from "../../src/shuffle/cached-block-client.ts";
import { heldBytes, inTask, rowsPlan } from "./task-fixture.ts";

const rdd = 4 as RddId;
const rows = Array.from({ length: 10_000 }, (_, i) => [`key ${i % 50}`, i]);
const plan = rowsPlan(rows);

function computed(counts: { computed: number }): ChunkSource {
  counts.computed++;
  const chunks = [rows.slice(0, 4000), rows.slice(4000)];
  return {
    next() {
      const next = chunks.shift();
      return next && { kind: "rows" as const, rows: next };
    },
    close: () => {},
  };
}

async function drain(source: ChunkSource, env: TaskEnv): Promise<unknown[]> {
  const all: unknown[] = [];
  try {
    for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next())
      all.push(...chunkToRows(env.kernels, chunk));
  } finally {
    source.close();
  }
  return all;
}

/** The blocks of the partition as another executor cached it. */
async function blocksElsewhere(): Promise<Uint8Array[]> {
  return inTask({}, async env => {
    await drain(
      cachedSource(rdd, 0, plan, env, () => computed({ computed: 0 })),
      env,
    );
    const cached = env.blocks.get(rdd, 0, env.memory)!;
    const blocks = cached.blocks!.map(({ ptr, bytes }) => env.kernels.u8.slice(ptr, ptr + bytes));
    cached.release();
    return blocks;
  });
}

/** Gives the blocks; from `failsAt` on it fails. */
function remote(blocks: readonly Uint8Array[], counts: { closed: number }, failsAt = Infinity): RemoteBlocks {
  let at = 0;
  return {
    rows: rows.length,
    flags: 1,
    blockBytes: blocks.map(block => block.length),
    async readInto(into) {
      if (at >= failsAt) throw new FiresteelError("lost", "the other one is gone");
      into.set(blocks[at++]!);
    },
    close: () => void counts.closed++,
  };
}

async function run(find: (counts: { closed: number }) => Promise<RemoteBlocks | undefined>) {
  const counts = { computed: 0, closed: 0 };
  return inTask({ cachedElsewhere: () => find(counts) }, async env => {
    const all = await drain(
      cachedSource(rdd, 0, plan, env, () => computed(counts)),
      env,
    ).catch(thrown => thrown);
    return { all, ...counts, cachedHere: env.blocks.list().length, usedBytes: heldBytes(env) };
  });
}

test("rows come from the executor that has them, and are neither computed nor cached here", async () => {
  const blocks = await blocksElsewhere();
  expect(blocks.length).toBeGreaterThan(1);
  const outcome = await run(async counts => remote(blocks, counts));
  expect(outcome).toMatchObject({ computed: 0, closed: 1, cachedHere: 0, usedBytes: 0 });
  expect(outcome.all).toEqual(rows);
});

test("when nobody has it, or who has it fails at once, it is computed and cached here", async () => {
  const blocks = await blocksElsewhere();
  const none = await run(async () => undefined);
  expect(none).toMatchObject({ all: rows, computed: 1, closed: 0, cachedHere: 1, usedBytes: 0 });
  const failed = await run(async counts => remote(blocks, counts, 0));
  expect(failed).toMatchObject({ all: rows, computed: 1, closed: 1, cachedHere: 1, usedBytes: 0 });
});

test("when it fails half-way, the task fails of a loss", async () => {
  const blocks = await blocksElsewhere();
  const outcome = await run(async counts => remote(blocks, counts, 1));
  expect(outcome).toMatchObject({ computed: 0, closed: 1, cachedHere: 0, usedBytes: 0 });
  expect(outcome.all).toMatchObject({ kind: "lost", message: "the other one is gone" });
});

test("a partition without rows is had from elsewhere too", async () => {
  expect(await run(async counts => remote([], counts))).toMatchObject({ all: [], computed: 0, closed: 1 });
});

test("a local checkpoint that nobody is known to keep is lost for ever; one whose keepers do not answer is not", async () => {
  const kept: KeptPlan = { op: "kept", id: rdd, operator: "map", at: undefined, partitions: 1 };
  const lossOf = (isHeldElsewhere: boolean) =>
    inTask({ cachedElsewhere: async () => undefined, isHeldElsewhere: () => isHeldElsewhere }, async env => {
      try {
        return await drain(openPlan(kept, 0, env), env);
      } catch (thrown) {
        return thrown;
      }
    });
  const told = { kind: "user", message: "partition 0 of the local checkpoint of map is lost" };
  const [gone, silent] = [await lossOf(false), await lossOf(true)];
  expect([gone, silent]).toMatchObject([told, told]);
  expect([gone, silent].map(loss => isRetryable(loss as FiresteelError))).toEqual([false, true]);
});
