/** Rows that are cut by their hashes while nothing is left of what was set aside for cutting, and nothing more is to be had. */
import { expect, test } from "bun:test";
import { readBatch } from "../../src/data/batch-reader.ts";
import { makePairWriter } from "../../src/data/batch-writer.ts";
import { hashColumn } from "../../src/data/hash.ts";
import { allHashes, HashRanges } from "../../src/operators/hash-ranges.ts";
import { pairColumns } from "../../src/operators/pair-buffer.ts";
import { SpillScope } from "../../src/operators/spill-scope.ts";
import { inTask } from "./task-fixture.ts";

const padding = "p".repeat(300);

for (const left of ["all", "some", "nothing"] as const) {
  test(`rows are cut with ${left} of the scratch memory left`, async () => {
    let isFull = false;
    let refused = 0;
    const refuses = () => isFull && ++refused > 0;
    await inTask(
      {},
      env => {
        const { kernels } = env;
        const scope = new SpillScope(env, "cut");
        expect(scope.prepare()).toBe(true);
        const account = env.memory.withOperator("rows");
        const writer = makePairWriter(kernels, account, "cut");
        const rows = Array.from({ length: 3000 }, (_, i) => [`k${i}`, `${i}${padding}`]);
        for (const row of rows) writer.push(row);
        const batch = writer.finish();
        const hashes = account.alloc(batch.rows * 8);
        hashColumn(kernels, account, pairColumns(batch)![0], hashes);
        const ranges = new HashRanges(scope, 1, allHashes);

        const { scratch } = scope;
        const mark = scratch.mark();
        if (left === "some") scratch.alloc(scratch.leftBytes - 2000);
        if (left === "nothing") scratch.alloc(scratch.leftBytes);
        isFull = true;
        ranges.write(0, batch, hashes);
        const used = ranges.finish();
        isFull = false;
        scratch.release(mark);

        const read: unknown[] = [];
        for (const range of used) {
          const reader = ranges.open(range);
          for (let block = reader.next(); block !== undefined; block = reader.next())
            read.push(...readBatch(kernels, block.batch).toArray());
          reader.free();
        }
        expect(used.length).toBe(16);
        expect(read.length).toBe(rows.length);
        const byKey = (a: unknown, b: unknown) =>
          Number((a as string[])[0]!.slice(1)) - Number((b as string[])[0]!.slice(1));
        expect(read.toSorted(byKey)).toEqual(rows);
        ranges.free();
        writer.free();
        scope.close();
        return Promise.resolve();
      },
      { refuses },
    );
    if (left !== "all") expect(refused).toBeGreaterThan(0);
  });
}
