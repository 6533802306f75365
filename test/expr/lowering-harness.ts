/**
 * A lambda as generated code over rows of the test's, row by row: what it gives, or that it left the row to JavaScript. Rows become
 * columns as a job's do, so that the code is the one for their layout.
 */
import { makeBatchWriter } from "../../src/data/batch-writer.ts";
import { readBatch } from "../../src/data/batch-reader.ts";
import { typeOf } from "../../src/data/type-of.ts";
import { isLambda, type Lambda, type NoLambda } from "../../src/expr/ir.ts";
import { generatePipeline, type InputType } from "../../src/expr/pipeline.ts";
import { status, word } from "../../src/expr/parameters.ts";
import { BumpAllocator } from "../../src/kernel/allocator.ts";
import { instantiate, ParameterBlock } from "../../src/operators/native-code.ts";
import { NativeOutput } from "../../src/operators/native-output.ts";
import { testKernels } from "../data/test-kernels.ts";
import { difference } from "../data/same.ts";
import { readLambda } from "./text-lambda.ts";

export type Outcome =
  /** Why the lambda has no native code for the rows' layout. */
  { readonly native: false; readonly reason: string } | { readonly native: true; readonly rows: readonly RowOutcome[] };

export type RowOutcome = { readonly value: unknown } | { readonly gaveUp: string };

export function runMap(
  source: string | Lambda,
  rows: readonly unknown[],
  captures: Readonly<Record<string, unknown>> = {},
): Outcome {
  return run("map", source, rows, captures);
}

/** The rows that pass, as they are. */
export function runFilter(source: string, rows: readonly unknown[]): Outcome {
  return run("filter", source, rows, {});
}

function run(
  op: "map" | "filter",
  source: string | Lambda,
  rows: readonly unknown[],
  captures: Readonly<Record<string, unknown>>,
): Outcome {
  const lambda: Lambda | NoLambda = typeof source === "string" ? readLambda(source, captures) : source;
  if (!isLambda(lambda)) return { native: false, reason: `expression: ${lambda.reason}` };
  const kernels = testKernels;
  const allocator = new BumpAllocator(1024, kernels.memory.buffer.byteLength);
  const writer = makeBatchWriter(kernels, allocator);
  for (const row of rows) writer.push(row);
  const batch = writer.finish();
  const { code, stopped } = generatePipeline([{ op, lambda }], typeOf(batch.root) as InputType, true);
  if (code === undefined) return { native: false, reason: stopped!.reason };
  const block = new ParameterBlock(kernels, allocator, code, [lambda.captures]);
  const output = new NativeOutput(kernels, allocator, code, block);
  block.setInput(0, batch.root);
  const go = instantiate(kernels, code.module)!;
  const values = (from: number, to: number): unknown[] | undefined => {
    output.begin();
    block.setWord(word.row, from);
    block.setWord(word.rows, to);
    if (go(block.ptr) !== status.done) return undefined;
    return readBatch(kernels, output.batch(batch.root, from, block.word(word.outRows))).toArray();
  };
  const outcomes: RowOutcome[] = [];
  let together: unknown[] = [];
  let first = 0;
  // rows that are done one by one must be done alike together, where they may go in pairs
  const checkTogether = (to: number) => {
    const found = difference(values(first, to), together);
    if (found !== undefined) throw new Error(`rows ${first} … ${to - 1} differ when done together: ${found}`);
  };
  for (let i = 0; i < rows.length; i++) {
    const made = values(i, i + 1);
    if (made === undefined) {
      outcomes.push({ gaveUp: code.reasons[block.word(word.gaveUpAt)] ?? "full" });
      checkTogether(i);
      together = [];
      first = i + 1;
    } else {
      outcomes.push(...made.map(value => ({ value })));
      together.push(...made);
    }
  }
  checkTogether(rows.length);
  return { native: true, rows: outcomes };
}
