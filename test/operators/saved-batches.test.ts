/**
 * The blocks of an object file follow from its rows: whatever memory is refused, whenever, and however rows come in chunks.
 * FIRESTEEL_SEED runs one seed.
 */
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { Random } from "../../src/base/random.ts";
import { readBatch } from "../../src/data/batch-reader.ts";
import { openBlock } from "../../src/data/block.ts";
import { sealOnHeap } from "../../src/data/heap-block.ts";
import { MemoryRefused } from "../../src/kernel/allocator.ts";
import { heapMemory } from "../../src/kernel/heap-memory.ts";
import { asPtr } from "../../src/kernel/ptr.ts";
import { SavedBatches } from "../../src/operators/saved-batches.ts";
import { forSeeds, randomRows, randomValue } from "../data/random-values.ts";
import { difference } from "../data/same.ts";
import { CheckedAllocator, testKernels } from "../data/test-kernels.ts";

interface Manner {
  readonly limitBytes?: number;
  /** Whether the n-th request is refused. */
  readonly refuses?: (n: number) => boolean;
  /** Whether a chunk ends after row n. */
  readonly ends?: (n: number) => boolean;
}

class RefusingAllocator extends CheckedAllocator {
  refusals = 0;
  private requests = 0;

  constructor(private readonly manner: Manner) {
    super(manner.limitBytes);
  }

  override alloc(bytes: number) {
    try {
      if (this.manner.refuses?.(this.requests++) === true) throw new MemoryRefused(bytes);
      return super.alloc(bytes);
    } catch (thrown) {
      if (thrown instanceof MemoryRefused) this.refusals++;
      throw thrown;
    }
  }
}

function rowsOfBlock({ buffer }: Uint8Array<ArrayBuffer>): unknown[] {
  const { kernels } = heapMemory(buffer);
  return readBatch(kernels, openBlock(kernels, asPtr(0), buffer.byteLength)).toArray();
}

/** The rows of each block, its sha256, and how often memory was refused. */
function saved(rows: readonly unknown[], manner: Manner = {}) {
  const allocator = new RefusingAllocator(manner);
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  const batches = new SavedBatches(testKernels, allocator, (memory, batch) => blocks.push(sealOnHeap(memory, batch)));
  for (const [n, row] of rows.entries()) {
    batches.push(row);
    if (manner.ends?.(n) === true) batches.settle();
  }
  batches.flush();
  batches.free();
  expect(allocator.liveBytes).toBe(0);
  return {
    rows: blocks.flatMap(rowsOfBlock),
    digests: blocks.map(block => createHash("sha256").update(block).digest("hex")),
    refusals: allocator.refusals,
  };
}

test("random rows, refusals and chunks", () => {
  let refusals = 0;
  forSeeds(6, seed => {
    const random = new Random(seed);
    const rowOf = randomRows(random, 2);
    const padding = ["", "é".repeat(300), "p".repeat(900)][random.below(3)]!;
    const rows = Array.from({ length: 1500 }, (_, i) => [
      random.below(200) === 0 ? randomValue(random, 2) : rowOf(),
      `${i}${padding}`,
    ]);
    const expected = saved(rows);
    expect(difference(expected.rows, rows)).toBeUndefined();
    const every = 2 + random.below(60);
    const at = random.below(40);
    const manners: Manner[] = [
      { ends: n => n % every === 0 },
      { refuses: n => n % every === at % every, ends: n => n % 7 === 0 },
      { refuses: n => n >= at },
      { limitBytes: 1 << (12 + random.below(9)) },
    ];
    for (const manner of manners) {
      const actual = saved(rows, manner);
      expect(actual.digests).toEqual(expected.digests);
      refusals += actual.refusals;
    }
  });
  expect(refusals).toBeGreaterThan(0);
});

test("a row that engine memory cannot hold, among others", () => {
  const rows: unknown[] = Array.from({ length: 500 }, (_, i) => ({ i, text: `row ${i}` }));
  rows[250] = { i: 250, text: "é".repeat(1_000_000) };
  rows[251] = Array.from({ length: 8_000 }, (_, i) => ({ i, half: i / 2, name: `name ${i}` }));
  const expected = saved(rows);
  expect(expected.refusals).toBe(0);
  const little = saved(rows, { limitBytes: 1 << 20 });
  expect(little.refusals).toBeGreaterThan(0);
  expect(little.digests).toEqual(expected.digests);
  expect(difference(little.rows, rows)).toBeUndefined();
});
