/** Merge of 16 sorted runs of u64 keys by a tree of losers, in all three. */
import { Merger } from "../../src/kernel/merge.ts";
import { offset } from "../../src/kernel/ptr.ts";
import { benchMemory, sample, scatteredKey, type BenchCase } from "./harness.ts";

const runs = 16;
const runRows = 125_000;
const rows = runs * runRows;

const sixteen: BenchCase = {
  name: "merge 16 runs, 2M rows",
  native: { source: "merge.c", args: [String(runs), String(runRows)] },
  prepare() {
    const { kernels, allocator } = benchMemory(rows * 16 + (1 << 20));
    const [keys, outRuns, outRows] = [allocator.alloc(rows * 8), allocator.alloc(rows * 4), allocator.alloc(rows * 4)];
    const halves = kernels.u32.subarray(keys / 4, keys / 4 + rows * 2);
    const low = Float64Array.from({ length: rows }, (_, i) => (i % runRows) * 1000 + scatteredKey(i, 1000));
    low.forEach((key, i) => (halves[i * 2] = key));
    const rowsOut = kernels.u32.subarray(outRows / 4, outRows / 4 + rows);
    const runsOut = kernels.u32.subarray(outRuns / 4, outRuns / 4 + rows);
    const checksum = () => sample(rowsOut, 0, rows) + sample(runsOut, 0, rows);
    return {
      kernel() {
        const merger = new Merger(kernels, allocator, "u64", runs);
        for (let run = 0; run < runs; run++) {
          merger.setWindow(run, { keys: offset(keys, run * runRows * 8), rows: runRows, isLast: true });
        }
        merger.next(outRuns, outRows, rows);
        merger.free();
        return checksum();
      },
      jsLoop() {
        mergeInJavaScript(low, rowsOut, runsOut);
        return checksum();
      },
    };
  },
};

/** Runs are a power of two; a run that has ended has the key Infinity. */
function mergeInJavaScript(keys: Float64Array, rowsOut: Uint32Array, runsOut: Uint32Array): void {
  const at = new Uint32Array(runs);
  const heads = Float64Array.from({ length: runs }, (_, run) => keys[run * runRows]!);
  const tree = new Uint32Array(runs);
  const isBefore = (a: number, b: number) => heads[a]! < heads[b]! || (heads[a]! === heads[b]! && a < b);
  const play = (node: number): number => {
    if (node >= runs) return node - runs;
    const [left, right] = [play(node * 2), play(node * 2 + 1)];
    const leftWins = isBefore(left, right);
    tree[node] = leftWins ? right : left;
    return leftWins ? left : right;
  };
  let winner = play(1);
  for (let i = 0; i < rows; i++) {
    const row = at[winner]!++;
    runsOut[i] = winner;
    rowsOut[i] = row;
    heads[winner] = row + 1 < runRows ? keys[winner * runRows + row + 1]! : Infinity;
    for (let node = (winner + runs) >> 1; node > 0; node >>= 1) {
      const other = tree[node]!;
      if (!isBefore(other, winner)) continue;
      tree[node] = winner;
      winner = other;
    }
  }
}

export const cases: readonly BenchCase[] = [sixteen];
