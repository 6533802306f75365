/** Prints, for values of many shapes, the bytes that they take in the heap and those that they are estimated to take. */
import { fullGC } from "bun:jsc";
import { estimatedBytes } from "../../src/operators/heap-size.ts";

const n = 20_000;

const shapes: Readonly<Record<string, (i: number) => unknown>> = {
  strings: i => `string number ${i}`.padEnd(100, "."),
  pairs: i => [i, `value ${i}`.padEnd(20, ".")],
  records: i => ({ id: i, name: `name ${i}`.padEnd(30, "."), inner: { half: i / 2 } }),
  "arrays of numbers": i => Array.from({ length: 50 }, (_, k) => i + k / 3),
  sets: i => new Set([i, i + 0.5, `word ${i}`.padEnd(30, ".")]),
  maps: i => new Map([[`key ${i}`.padEnd(30, "."), i / 3]]),
  bytes: () => new Uint8Array(500),
};

function measured(make: (i: number) => unknown): { readonly took: number; readonly estimated: number } {
  const kept = Array.from({ length: n }, () => undefined as unknown);
  const before = fullGC();
  for (let i = 0; i < n; i++) kept[i] = make(i);
  const took = fullGC() - before;
  const estimated = kept.reduce<number>((sum, value) => sum + estimatedBytes(value), 0);
  kept.length = 0; // whoever is still found on the stack keeps nothing alive
  return { took, estimated };
}

const measurements = Object.entries(shapes).map(([name, make]) => {
  measured(make); // code, and what a first collection finds besides
  return { name, ...measured(make) };
});
console.log(JSON.stringify(measurements));
