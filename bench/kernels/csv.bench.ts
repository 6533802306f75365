/** Records of a number, a word and a decimal into columns, 8 MiB of them a run at a time. */
import { CsvColumns } from "../../src/kernel/csv.ts";
import { offset } from "../../src/kernel/ptr.ts";
import { benchMemory, scatteredKey, wordOf, type BenchCase } from "./harness.ts";

const records = 300_000;
const comma = 44;
const runRecords = 8192;

/** Where each run of 8,192 records begins, and the end; bench/native/csv.c writes the same text. */
function fillRecords(target: Buffer): number[] {
  const starts: number[] = [];
  let end = 0;
  for (let i = 0; i < records; i++) {
    if (i % runRecords === 0) starts.push(end);
    const key = scatteredKey(i, 50_000);
    end += target.write(`${i},${wordOf(key)},${key}.${10 + (i % 90)}\n`, end, "latin1");
  }
  return [...starts, end];
}

const read: BenchCase = {
  name: "CSV of 3 columns, 300k records",
  native: { source: "csv.c", args: [String(records)] },
  prepare() {
    const { kernels, allocator } = benchMemory(records * 40 + (4 << 20));
    const src = allocator.alloc(records * 40);
    const input = Buffer.from(kernels.memory.buffer as unknown as ArrayBuffer, src, records * 40);
    const starts = fillRecords(input);
    const columns = new CsvColumns(
      kernels,
      allocator,
      ["number", "string", "number"],
      { separator: comma, quote: 34 },
      runRecords,
    );
    const [ids, words, decimals] = columns.columns;
    return {
      kernel() {
        let sum = 0;
        for (let run = 1; run < starts.length; run++) {
          columns.clear();
          columns.startRun(starts[run]! - starts[run - 1]!);
          columns.read(offset(src, starts[run - 1]!));
          const last = columns.rows - 1;
          sum += kernels.f64[ids!.values / 8 + last]! + kernels.f64[decimals!.values / 8 + last]!;
          sum += kernels.u32[words!.values / 4 + last + 1]!;
        }
        return sum;
      },
      jsLoop() {
        let sum = 0;
        const values = new Float64Array(runRecords);
        const texts = new Array<string>(runRecords);
        for (let run = 1; run < starts.length; run++) {
          const text = input.toString("latin1", starts[run - 1], starts[run]);
          let bytes = 0;
          let id = 0;
          let row = 0;
          for (let at = 0; at < text.length; row++) {
            const word = text.indexOf(",", at);
            const decimal = text.indexOf(",", word + 1);
            const end = text.indexOf("\n", decimal);
            id = Number(text.slice(at, word));
            texts[row] = text.slice(word + 1, decimal);
            bytes += decimal - word - 1;
            values[row] = Number(text.slice(decimal + 1, end));
            at = end + 1;
          }
          sum += id + values[row - 1]! + bytes;
        }
        return sum;
      },
    };
  },
};

export const cases: readonly BenchCase[] = [read];
