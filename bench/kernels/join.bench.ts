/** Joins of two columns of numbers: build a table and its row lists, probe it, give all pairs. */
import { GroupTableFixed } from "../../src/kernel/group-table.ts";
import { JoinProbe, RowLists } from "../../src/kernel/join-table.ts";
import { offset } from "../../src/kernel/ptr.ts";
import { benchMemory, scatteredKey, type BenchCase } from "./harness.ts";

const batchRows = 8192;

function join(rows: number, keys: number, name: string): BenchCase {
  return {
    name,
    native: { source: "join.c", args: [String(rows), String(keys)] },
    prepare() {
      const { kernels, allocator } = benchMemory(rows * 32 + keys * 200 + (4 << 20));
      const columns = [0, 1].map(side => {
        const column = allocator.alloc(rows * 8);
        for (let i = 0; i < rows; i++) kernels.f64[column / 8 + i] = scatteredKey(i + side * rows, keys);
        return { column, input: kernels.f64.subarray(column / 8, column / 8 + rows) };
      });
      const [build, probe] = columns as [(typeof columns)[0], (typeof columns)[0]];
      const hashes = allocator.alloc(batchRows * 8);
      const ids = allocator.alloc(batchRows * 4);
      const [probeRows, buildRows] = [allocator.alloc(batchRows * 4), allocator.alloc(batchRows * 4)];
      return {
        kernel() {
          const table = new GroupTableFixed(kernels, allocator);
          const lists = new RowLists(kernels, allocator);
          for (let from = 0; from < rows; from += batchRows) {
            const n = Math.min(batchRows, rows - from);
            kernels.run.hashF64(offset(build.column, from * 8), n, hashes);
            table.groups(hashes, n, ids);
            lists.add(ids, n);
          }
          const joined = new JoinProbe(kernels, allocator, lists.finish(table.count), "inner");
          let pairs = 0;
          let checksum = 0;
          for (let from = 0; from < rows; from += batchRows) {
            const n = Math.min(batchRows, rows - from);
            kernels.run.hashF64(offset(probe.column, from * 8), n, hashes);
            table.lookup(hashes, n, ids);
            joined.begin(ids, n);
            while (!joined.done) {
              const found = joined.next(probeRows, buildRows, batchRows);
              pairs += found;
              for (let i = 0; i < found; i++)
                checksum += kernels.u32[probeRows / 4 + i]! + from - kernels.u32[buildRows / 4 + i]!;
            }
          }
          joined.free();
          lists.free();
          table.free();
          return checksum + pairs;
        },
        jsLoop() {
          const lists = new Map<number, number[]>();
          for (let row = 0; row < rows; row++) {
            const list = lists.get(build.input[row]!);
            if (list === undefined) lists.set(build.input[row]!, [row]);
            else list.push(row);
          }
          let pairs = 0;
          let checksum = 0;
          for (let row = 0; row < rows; row++) {
            for (const match of lists.get(probe.input[row]!) ?? []) {
              pairs++;
              checksum += row - match;
            }
          }
          return checksum + pairs;
        },
      };
    },
  };
}

export const cases: readonly BenchCase[] = [
  join(100_000, 10_000, "join 100k × 100k, 10k keys"),
  join(1_000_000, 1_000_000, "join 1M × 1M, 1M keys"),
];
