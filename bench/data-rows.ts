/**
 * What a row costs on its way into columns and back, in ns: write (push), read (toArray), and both for one thread. Best of
 * several rounds. `bun bench/data-rows.ts [layout]`: alone, a layout's code is not shared with others' call sites.
 */
import { readBatch } from "../src/data/batch-reader.ts";
import { makeBatchWriter } from "../src/data/batch-writer.ts";
import { batchRowsMax } from "../src/data/column.ts";
import { encodeKeys, hashColumn } from "../src/data/keys.ts";
import { decodeValue, encodeValue } from "../src/data/value-codec.ts";
import { BumpAllocator } from "../src/kernel/allocator.ts";
import { Arena } from "../src/kernel/arena.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../src/kernel/kernels.ts";

const memoryBytes = 256 << 20;
const kernels = instantiateKernels(createKernelMemory(memoryBytes), compileKernels());
const rowsCount = batchRowsMax;

const layouts: Record<string, (i: number) => unknown> = {
  "(f64, f64)": i => [i, i * 0.5],
  "(utf8, f64)": i => [`word${(i * 48271) % 10007}`, i],
  utf8: i => `word${(i * 48271) % 10007}`,
  "utf8, 80 characters": i => `${i} `.padEnd(80, "lorem ipsum "),
  "utf8, not ASCII": i => `wört${(i * 48271) % 10007}`,
  f64: i => i * 1.5,
  "{id, name, score}": i => ({ id: i, name: `name${i % 1000}`, score: i / 7 }),
  "(utf8, f64[])": i => [`k${i % 100}`, Array.from({ length: 1 + (i % 5) }, (_, j) => j)],
  "any: [number, string or number]": i => (i % 2 === 0 ? [i, `s${i}`, "x"] : [i]),
  "any: objects of two shapes": i =>
    i % 2 === 0 ? { id: i, name: `name${i % 1000}` } : { id: i, score: i / 7, tags: ["a", "b"] },
};

console.log("ns per row".padEnd(34), ...["write", "read", "hash", "keys"].map(each => each.padStart(8)));
const only = process.argv[2];
for (const [name, make] of Object.entries(layouts)) if (only === undefined || only === name) measure(name, make);
if (only === undefined) measureCodec();

function measure(name: string, make: (i: number) => unknown): void {
  const rows = Array.from({ length: rowsCount }, (_, i) => make(i));
  const allocator = new BumpAllocator(65536, memoryBytes);
  const writer = makeBatchWriter(kernels, allocator);
  const write = best(() => {
    writer.reset();
    for (let i = 0; i < rowsCount; i++) writer.push(rows[i]);
  });
  const batch = writer.finish();
  const read = best(() => readBatch(kernels, batch).toArray());
  const hashes = allocator.alloc(rowsCount * 8);
  const scratch = new Arena(allocator);
  const hash = best(() => {
    scratch.reset();
    hashColumn(kernels, scratch, batch.root, hashes);
  });
  const keys = best(() => {
    scratch.reset();
    encodeKeys(kernels, scratch, batch.root);
  });
  console.log(name.padEnd(34), ...[write, read, hash, keys].map(each => each.toFixed(1).padStart(8)));
}

function measureCodec(): void {
  const objects = Array.from({ length: rowsCount }, (_, i) => ({ id: i, name: `name${i % 1000}`, score: i / 7 }));
  const encoded = objects.map(object => encodeValue(object));
  const one = best(() => objects.forEach(object => encodeValue(object)));
  const back = best(() => encoded.forEach(bytes => decodeValue(bytes)));
  const all = best(() => encodeValue(objects));
  const bytes = encodeValue(objects);
  const allBack = best(() => decodeValue(bytes));
  console.log(
    `\nencodeValue({id, name, score}) ${one.toFixed(0)} alone, ${all.toFixed(0)} in an array; ` +
      `decodeValue ${back.toFixed(0)} alone, ${allBack.toFixed(0)} in an array`,
  );
}

/** ns per row, best of the rounds that fit into half a second. */
function best(round: () => unknown): number {
  let least = Infinity;
  const deadline = performance.now() + 500;
  for (let rounds = 0; rounds < 20 || (performance.now() < deadline && rounds < 400); rounds++) {
    const from = performance.now();
    round();
    least = Math.min(least, performance.now() - from);
  }
  return (least * 1e6) / rowsCount;
}
