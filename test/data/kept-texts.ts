/** Prints, for a few shapes of rows, the bytes that stay in the heap when one short string of each of many batches is kept. */
import { fullGC } from "bun:jsc";
import { readColumn, readToKeep } from "../../src/data/batch-reader.ts";
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import type { BatchReader } from "../../src/data/contracts.ts";
import type { Column } from "../../src/data/column.ts";
import { CheckedAllocator, testKernels as kernels } from "./test-kernels.ts";

const rows = 2000;
const batches = Number(process.argv[2]);

function keptBytes({ rowOf, stringIn }: Shape, read: (root: Column) => BatchReader): number {
  const writer = makeBatchWriter(kernels, new CheckedAllocator(), {});
  const kept: string[] = [];
  const before = fullGC();
  for (let i = 0; i < batches; i++) {
    writer.reset();
    for (let row = 0; row < rows; row++) writer.push(rowOf(i * rows + row));
    const all = read(writer.finish().root).toArray();
    if (!Bun.deepEquals(all[rows - 1], rowOf(i * rows + rows - 1))) throw new Error(`another row ${rows - 1} is read`);
    kept.push(stringIn(all[i]));
    // whoever is still found on the stack keeps nothing alive
    all.length = 0;
  }
  const bytes = fullGC() - before;
  if (kept.some(text => !text.startsWith("the text of row "))) throw new Error("another text is kept");
  writer.free();
  kept.length = 0;
  return bytes;
}

interface Shape {
  readonly rowOf: (i: number) => unknown;
  readonly stringIn: (row: unknown) => string;
}

const shapes: Readonly<Record<string, Shape>> = {
  strings: { rowOf: i => `the text of row ${i}`, stringIn: row => row as string },
  "strings in objects": {
    rowOf: i => ({ n: i, text: `the text of row ${i}` }),
    stringIn: row => (row as { text: string }).text,
  },
  "strings in rows of many kinds": {
    rowOf: i => (i % 3 === 0 ? [i, `the text of row ${i}`] : { [`k${i % 5}`]: `the text of row ${i}` }),
    stringIn: row => String(Object.values(row as object).find(value => typeof value === "string")),
  },
};

const measured = Object.entries(shapes).map(([name, shape]) => {
  const cut = keptBytes(shape, root => readColumn(kernels, root));
  const kept = keptBytes(shape, root => readToKeep(kernels, root));
  return { name, cut, kept };
});
console.log(JSON.stringify(measured));
