/**
 * Loops over rows as pipelines have them, over columns of awkward numbers in memory of the test's: done one by one and in pairs
 * they leave the same bytes.
 */
import { expect } from "bun:test";
import type { Random } from "../../src/base/random.ts";
import type { F64, FunctionCode, I32, Label, Local } from "../../src/codegen/code.ts";
import { encodeModule } from "../../src/codegen/encode.ts";
import { FunctionBuilder } from "../../src/codegen/function-builder.ts";
import { f64, i32, local } from "../../src/codegen/operations.ts";
import { vectorise } from "../../src/codegen/vectorise.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { awkwardNumbers } from "../kernel/fixture.ts";

export const memory = createKernelMemory(4 << 16);
const bytes = new Uint8Array(memory.buffer);
export const rowsMax = 40;
const column = (n: number) => 1024 + n * 1024;
export const columns = { f64: [column(0), column(1)] as const, f32: column(2), i32: column(3), bool: column(4) };
export const outputs = [column(6), column(7), column(8)] as const;
/** Where the total is when all rows are done. */
const totalAt = column(9);
export const half = { module: "host", name: "half", parameters: ["f64"], result: "f64" } as const;

export interface RowCode {
  readonly out: FunctionBuilder;
  readonly row: I32;
  readonly outRow: I32;
  readonly captured: F64;
  /** 7 more than 5 times the row's number. */
  readonly counter: F64;
  readonly skip: Label;
  readonly gaveUp: Label;
  cell(base: number, shift: number, index?: I32): I32;
  emit(): void;
  add(value: F64): void;
}

export interface RowLoop {
  readonly code: FunctionCode;
  readonly counters: readonly Local<"f64">[];
}

export function inPairs({ code, counters }: RowLoop): FunctionCode {
  return vectorise(code, counters);
}

/** Gives the number of rows out, or −1 − the row that gave up. */
export function rowLoop(write: (code: RowCode) => void): RowLoop {
  const parameters = [
    ["rows", "i32"],
    ["captured", "f64"],
  ] as const;
  const out = new FunctionBuilder("run", parameters, "i32");
  const [rows, captured] = out.parameters.map(each => local(each));
  const bases = new Map<number, I32>();
  const [row, outRow, start] = ["row", "outRow", "outRowStart"].map(name => out.local("i32", name)) as Local<"i32">[];
  const [counter, total] = ["counter", "total"].map(name => out.local("f64", name)) as [Local<"f64">, Local<"f64">];
  for (const base of [...columns.f64, columns.f32, columns.i32, columns.bool, ...outputs])
    bases.set(base, out.keep(i32.add(i32.const(base), i32.const(0)), "base"));
  out.set(counter, f64.const(7));
  out.block("gaveUp", gaveUp => {
    out.block("done", done =>
      out.loop("next", next => {
        out.jump(done, i32.ge_u(local(row!), rows as I32));
        out.set(start!, local(outRow!));
        out.block("skip", skip => {
          const cell = (base: number, shift: number, index = local(row!)) =>
            i32.add(bases.get(base)!, shift === 0 ? index : i32.shl(index, i32.const(shift)));
          const emit = () => out.set(outRow!, i32.add(local(outRow!), i32.const(1)));
          const add = (value: F64) => out.set(total, f64.add(local(total), value));
          const shared = {
            row: local(row!),
            outRow: local(outRow!),
            captured: captured as F64,
            counter: local(counter),
          };
          write({ out, skip, gaveUp, cell, emit, add, ...shared });
        });
        out.set(counter, f64.add(local(counter), f64.const(5)));
        out.set(row!, i32.add(local(row!), i32.const(1)));
        out.jump(next);
      }),
    );
    // what the row's own code would find in a next row
    out.store("f64.store", i32.const(totalAt), local(total));
    out.store("f64.store", i32.const(totalAt + 8), local(counter));
    out.return(local(outRow!));
  });
  out.return(i32.sub(i32.const(-1), local(row!)));
  return { code: out.finish(), counters: [counter] };
}

type Run = (rows: number, captured: number) => number;

export function instantiate(code: FunctionCode, host = { half: (value: number) => value / 2 }): Run {
  const module = new WebAssembly.Module(encodeModule({ functions: [code] }));
  return new WebAssembly.Instance(module, { env: { memory }, host }).exports["run"] as Run;
}

function fill(random: Random): void {
  bytes.fill(0);
  const view = new DataView(memory.buffer);
  const number = () =>
    random.below(3) === 0 ? awkwardNumbers[random.below(awkwardNumbers.length)]! : (random.float() - 0.5) * 100;
  for (let i = 0; i < rowsMax; i++) {
    for (const base of columns.f64) view.setFloat64(base + i * 8, number(), true);
    view.setFloat32(columns.f32 + i * 4, number(), true);
    view.setInt32(columns.i32 + i * 4, random.uint32() >> random.below(32), true);
    view.setUint8(columns.bool + i, random.below(2));
  }
}

/** The same result, the same rows out and the same total, for every number of rows. */
export function expectSame(random: Random, loop: RowLoop): void {
  const paired = inPairs(loop);
  expect(paired).not.toBe(loop.code);
  const runs = [instantiate(loop.code), instantiate(paired)];
  for (const rows of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, rowsMax - 1, rowsMax]) {
    fill(random);
    const captured = random.below(4) === 0 ? NaN : random.float() * 10;
    const results = runs.map(run => {
      for (const output of [...outputs, totalAt]) bytes.fill(0xaa, output, output + 1024);
      const result = run(rows, captured);
      const count = result < 0 ? 0 : result;
      return { result, texts: outputs.map(output => numbersOf(output, count)), total: numbersOf(totalAt, 2) };
    });
    expect(results[1]).toEqual(results[0]!);
  }
}

/** As text, that tells −0 from 0 and not one NaN from another; the last output has bytes. */
function numbersOf(output: number, count: number): string {
  if (output === outputs[2]) return bytes.slice(output, output + count).join();
  return Array.from(new Float64Array(memory.buffer, output, count), each => (Object.is(each, -0) ? "-0" : each)).join();
}
