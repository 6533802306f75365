/** Results of every part, made up. */
import type { Timing } from "../../bench/measure.ts";
import type { BenchResults } from "../../bench/results.ts";

export function took(seconds: number): Timing {
  return { seconds, min: seconds * 0.9, max: seconds * 1.2, runs: 3 };
}

export const sampleResults: BenchResults = {
  machine: { processor: "Abacus <9000> & son", cores: 2, memoryGib: 4, system: "linux x64", date: "2026-11-21" },
  versions: { firesteel: "Firesteel 0.1.0", bun: "Bun 1.4.5", spark: "Spark 4.3.0" },
  threads: 2,
  startup: [{ name: "firesteel version", timing: took(0.006) }],
  jobs: [
    {
      name: "join",
      title: "join, 1 M × 1 M rows",
      answer: "999997",
      contenders: [
        { label: "firesteel", timing: took(0.2), peakBytes: 300e6 },
        { label: "script", timing: took(0.5), peakBytes: 900e6 },
        { label: "c", timing: took(0.1), peakBytes: 90e6 },
        { label: "spark", timing: took(2), peakBytes: undefined },
      ],
    },
    {
      name: "tera-sort",
      title: "tera-sort, 1 GB",
      answer: "abc",
      contenders: [
        { label: "firesteel", timing: took(9), peakBytes: 500e6 },
        { label: "sort", timing: took(18), peakBytes: 256e6 },
      ],
    },
  ],
  kernels: [{ name: "hash f64 1M", kernel: took(0.002), jsLoop: took(0.1), c: 0.002 }],
  generated: [{ name: "filter", generated: took(0.005), jsLoop: took(0.01), c: took(0.005), fastMathC: undefined }],
  compiling: [{ name: "compiling a pipeline", timing: took(0.0005) }],
  scaling: [
    {
      name: "join",
      byRows: [0.5, 1].map(share => ({ rows: 1e6 * share, threads: 2, timing: took(0.2 * share) })),
      byThreads: [1, 2].map(threads => ({ rows: 1e6, threads, timing: took(0.4 / threads) })),
    },
  ],
};
