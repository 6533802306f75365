/** Rows done in pairs against rows done one by one: the same bytes, whatever rows do. */
import { describe, expect, test } from "bun:test";
import { Random } from "../../src/base/random.ts";
import type { F64, FunctionCode, I32, Label, Local } from "../../src/codegen/code.ts";
import { encodeModule } from "../../src/codegen/encode.ts";
import { FunctionBuilder } from "../../src/codegen/function-builder.ts";
import { call, f64, i32, i64, local } from "../../src/codegen/operations.ts";
import { printModule } from "../../src/codegen/print.ts";
import { vectorise } from "../../src/codegen/vectorise.ts";
import { createKernelMemory } from "../../src/kernel/kernels.ts";
import { awkwardNumbers, property } from "../kernel/fixture.ts";

const memory = createKernelMemory(4 << 16);
const bytes = new Uint8Array(memory.buffer);
const rowsMax = 40;
const column = (n: number) => 1024 + n * 1024;
const columns = { f64: [column(0), column(1)], f32: column(2), i32: column(3), bool: column(4) };
const outputs = [column(6), column(7), column(8)] as const;
const half = { module: "host", name: "half", parameters: ["f64"], result: "f64" } as const;

interface RowCode {
  readonly out: FunctionBuilder;
  readonly row: I32;
  readonly outRow: I32;
  readonly captured: F64;
  readonly skip: Label;
  readonly gaveUp: Label;
  cell(base: number, shift: number, index?: I32): I32;
  emit(): void;
}

/** A loop as pipelines have it. Gives the number of rows out, or −1 − the row that gave up. */
function rowLoop(write: (code: RowCode) => void): FunctionCode {
  const out = new FunctionBuilder(
    "run",
    [
      ["rows", "i32"],
      ["captured", "f64"],
    ],
    "i32",
  );
  const [rows, captured] = out.parameters.map(each => local(each));
  const bases = new Map<number, I32>();
  const [row, outRow, start] = ["row", "outRow", "outRowStart"].map(name => out.local("i32", name)) as Local<"i32">[];
  for (const base of [...columns.f64, columns.f32, columns.i32, columns.bool, ...outputs])
    bases.set(base, out.keep(i32.add(i32.const(base), i32.const(0)), "base"));
  out.block("gaveUp", gaveUp => {
    out.block("done", done =>
      out.loop("next", next => {
        out.jump(done, i32.ge_u(local(row!), rows as I32));
        out.set(start!, local(outRow!));
        out.block("skip", skip => {
          const cell = (base: number, shift: number, index = local(row!)) =>
            i32.add(bases.get(base)!, shift === 0 ? index : i32.shl(index, i32.const(shift)));
          const emit = () => out.set(outRow!, i32.add(local(outRow!), i32.const(1)));
          const shared = { row: local(row!), outRow: local(outRow!), captured: captured as F64 };
          write({ out, skip, gaveUp, cell, emit, ...shared });
        });
        out.set(row!, i32.add(local(row!), i32.const(1)));
        out.jump(next);
      }),
    );
    out.return(local(outRow!));
  });
  out.return(i32.sub(i32.const(-1), local(row!)));
  return out.finish();
}

type Run = (rows: number, captured: number) => number;

function instantiate(code: FunctionCode, host = { half: (value: number) => value / 2 }): Run {
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

/** The same result and the same rows out, for every number of rows. */
function expectSame(random: Random, code: FunctionCode): void {
  const paired = vectorise(code);
  expect(paired).not.toBe(code);
  const [alone, inPairs] = [instantiate(code), instantiate(paired)];
  for (const rows of [0, 1, 2, 3, 4, 5, 16, rowsMax - 1, rowsMax]) {
    fill(random);
    const captured = random.below(4) === 0 ? NaN : random.float() * 10;
    const results = [alone, inPairs].map(run => {
      for (const output of outputs) bytes.fill(0xaa, output, output + 1024);
      const result = run(rows, captured);
      const count = result < 0 ? 0 : result;
      return { result, texts: outputs.map(output => numbersOf(output, count)) };
    });
    expect(results[1]).toEqual(results[0]!);
  }
}

/** As text, that tells −0 from 0 and not one NaN from another; the last output has bytes. */
function numbersOf(output: number, count: number): string {
  if (output === outputs[2]) return bytes.slice(output, output + count).join();
  return Array.from(new Float64Array(memory.buffer, output, count), each => (Object.is(each, -0) ? "-0" : each)).join();
}

test("random rows", () => {
  property(60, random => {
    const code = rowLoop(row => writeRandomRow(random, row));
    expectSame(random, code);
  });
});

test("much work behind a filter is jumped over", () => {
  property(10, random => {
    const code = rowLoop(row => {
      const { out, cell, outRow } = row;
      const trees = new RandomTrees(random, row);
      out.jump(row.skip, trees.flag(3));
      let value = trees.number(3);
      for (let i = 0; i < 50; i++) value = out.keep(f64.add(value, trees.number(0)), "number");
      out.store("f64.store", cell(outputs[0], 3, outRow), value);
      row.emit();
    });
    expect(printModule({ functions: [vectorise(code)] })).toInclude("break none");
    expectSame(random, code);
  });
});

test("pairs that have to be left are not tried again at once", () => {
  let halved = 0;
  const count = { half: (value: number) => (halved++, value / 2) };
  const code = rowLoop(({ out, cell, outRow, emit }) => {
    const value = out.keep(f64.load(cell(columns.f64[0]!, 3)), "value");
    const result = out.local("f64", "result");
    out.if(
      f64.lt(value, f64.const(0)),
      () => out.set(result, call(half, value)),
      () => out.set(result, value),
    );
    out.store("f64.store", cell(outputs[0], 3, outRow), local(result));
    emit();
  });
  const run = instantiate(vectorise(code), count);
  const [values, results] = [columns.f64[0]!, outputs[0]].map(at => new Float64Array(memory.buffer, at, rowsMax));
  for (const negative of [0, 1, 5, rowsMax - 1]) {
    values!.fill(3)[negative] = -3;
    halved = 0;
    expect(run(rowsMax, 0)).toBe(rowsMax);
    expect([halved, results!.indexOf(-1.5), results!.lastIndexOf(-1.5)]).toEqual([1, negative, negative]);
  }
  expect(printModule({ functions: [vectorise(code)] })).toInclude("pairsFrom = row + 16");
});

describe("loops that stay as they are", () => {
  const refuses = (write: (code: RowCode) => void) => () => {
    const code = rowLoop(write);
    expect(vectorise(code)).toBe(code);
  };
  const store = ({ out, cell, outRow }: RowCode, value: F64) =>
    out.store("f64.store", cell(outputs[0], 3, outRow), value);

  test(
    "one that calls JavaScript for every row",
    refuses(code => {
      store(code, call(half, f64.load(code.cell(columns.f64[0]!, 3))));
      code.emit();
    }),
  );
  test(
    "one that reads another row",
    refuses(code => {
      store(code, f64.load(code.cell(columns.f64[0]!, 3, i32.add(code.row, i32.const(1)))));
      code.emit();
    }),
  );
  test("one that adds up", () => {
    let sum: Local<"f64"> | undefined;
    refuses(code => {
      sum ??= code.out.local("f64", "sum");
      code.out.set(sum, f64.add(local(sum), f64.load(code.cell(columns.f64[0]!, 3))));
      store(code, local(sum));
      code.emit();
    })();
  });
  test(
    "one that looks at the output's cursor",
    refuses(code => {
      store(code, f64.convert_i32_s(code.outRow));
      code.emit();
    }),
  );
  test(
    "one that writes behind where its cursor moves",
    refuses(code => {
      code.emit();
      store(code, f64.const(1));
    }),
  );
  test(
    "one with a loop in it",
    refuses(code => {
      code.out.loop("inner", () => store(code, f64.const(1)));
      code.emit();
    }),
  );
  test(
    "one with a test or a number that is very deep",
    refuses(code => {
      let [deep, sum] = [f64.lt(code.captured, f64.const(1)), code.captured];
      for (let i = 0; i < 20_000; i++) [deep, sum] = [i32.and(deep, deep), f64.add(sum, f64.const(1))];
      code.out.jump(code.skip, deep);
      store(code, sum);
      code.emit();
    }),
  );
  test(
    "one where both branches call JavaScript",
    refuses(code => {
      const result = code.out.local("f64", "result");
      const set = (value: number) => () => code.out.set(result, call(half, f64.const(value)));
      code.out.if(f64.lt(code.captured, f64.const(1)), set(1), set(2));
      store(code, local(result));
      code.emit();
    }),
  );
});

function writeRandomRow(random: Random, code: RowCode): void {
  const { out } = code;
  const trees = new RandomTrees(random, code);
  for (let i = 1 + random.below(3); i > 0; i--) trees.numbers.push(out.keep(trees.number(2), "number"));
  if (random.below(2) === 0) {
    out.if(trees.rareFlag(), () => {
      out.store("i32.store8", i32.const(64), i32.const(1));
      out.jump(code.gaveUp);
    });
  }
  for (let i = random.below(3); i > 0; i--) trees.branch();
  for (let i = random.below(3); i > 0; i--) {
    out.jump(code.skip, trees.flag(3));
    trees.numbers.push(out.keep(trees.number(3), "number"));
  }
  const value = trees.number(4);
  out.store("f64.store", code.cell(outputs[0], 3, code.outRow), value);
  if (random.below(2) === 0) out.store("f64.store", code.cell(outputs[1], 3, code.outRow), trees.number(3));
  if (random.below(2) === 0) out.store("i32.store8", code.cell(outputs[2], 0, code.outRow), trees.flag(2));
  code.emit();
}

class RandomTrees {
  readonly numbers: F64[] = [];
  readonly flags: I32[] = [];
  constructor(
    private readonly random: Random,
    private readonly code: RowCode,
  ) {}

  private pick<T>(...makes: (() => T)[]): T {
    return makes[this.random.below(makes.length)]!();
  }

  private leaf(): F64 {
    const { cell, captured, row } = this.code;
    return this.pick<F64>(
      () => f64.const(awkwardNumbers[this.random.below(awkwardNumbers.length)]!),
      () => captured,
      () => f64.load(cell(columns.f64[this.random.below(2)]!, 3)),
      () => f64.load_f32(cell(columns.f32, 2)),
      () => f64.convert_i32_s(i32.load(cell(columns.i32, 2))),
      () => f64.convert_i32_u(i32.load8_u(cell(columns.bool, 0))),
      () => f64.convert_i32_u(row),
      () => f64.reinterpret_i64(i64.or(i64.extend_i32_u(row), i64.const(0x4330_0000_0000_0000n))),
      ...this.numbers.map(each => () => each),
    );
  }

  number(depth: number): F64 {
    if (depth === 0) return this.leaf();
    const next = () => this.number(depth - 1);
    const of = (name: "add" | "sub" | "mul" | "div" | "min" | "max" | "copysign") => () => {
      // a NaN's sign is its own
      const right = next();
      return f64[name](next(), name === "copysign" ? f64.select(right, f64.const(-1), f64.eq(right, right)) : right);
    };
    const unary = (name: "abs" | "neg" | "sqrt" | "floor" | "ceil" | "trunc" | "nearest") => () => f64[name](next());
    return this.pick<F64>(
      ...(["add", "sub", "mul", "div", "min", "max", "copysign"] as const).map(of),
      ...(["abs", "neg", "sqrt", "floor", "ceil", "trunc", "nearest"] as const).map(unary),
      () => f64.select(next(), next(), this.flag(depth - 1)),
      () => f64.convert_i32_s(this.integer(depth - 1)),
      () => f64.convert_i32_u(this.integer(depth - 1)),
      () => this.leaf(),
    );
  }

  private integer(depth: number): I32 {
    if (depth === 0) return i32.load(this.code.cell(columns.i32, 2));
    const next = () => this.integer(depth - 1);
    const binary = (name: "add" | "sub" | "mul" | "and" | "or" | "xor") => () => i32[name](next(), next());
    const shift = (name: "shl" | "shr_s" | "shr_u") => () => i32[name](next(), i32.const(this.random.below(40)));
    return this.pick<I32>(
      ...(["add", "sub", "mul", "and", "or", "xor"] as const).map(binary),
      ...(["shl", "shr_s", "shr_u"] as const).map(shift),
      () => i32.trunc_sat_f64_s(this.number(depth - 1)),
      () => i32.trunc_sat_f64_u(this.number(depth - 1)),
      () => i32.select(next(), next(), this.flag(depth - 1)),
      () => this.flag(depth - 1),
    );
  }

  flag(depth: number): I32 {
    if (depth === 0) return this.pick<I32>(() => this.bool(), ...this.flags.map(each => () => each));
    const next = () => this.flag(depth - 1);
    const number = () => this.number(depth - 1);
    const integer = () => this.integer(depth - 1);
    return this.pick<I32>(
      ...(["eq", "ne", "lt", "le", "gt", "ge"] as const).map(name => () => f64[name](number(), number())),
      ...(["lt_s", "ge_u", "eq"] as const).map(name => () => i32[name](integer(), integer())),
      () => i32.and(next(), next()),
      () => i32.or(next(), next()),
      () => i32.eqz(next()),
      () => i32.select(next(), next(), next()),
    );
  }

  private bool(): I32 {
    return i32.load8_u(this.code.cell(columns.bool, 0));
  }

  /** Of one row in some. */
  rareFlag(): I32 {
    return i32.and(this.bool(), f64.gt(this.number(1), f64.const(49)));
  }

  /** A value that comes out of one of two branches, one of which may call JavaScript. */
  branch(): void {
    const { out } = this.code;
    const isFlag = this.random.below(2) === 0;
    const result = out.local(isFlag ? "i32" : "f64", "result");
    const number = (depth: number) =>
      !isFlag && this.random.below(3) === 0 ? call(half, this.number(depth)) : this.number(depth);
    out.if(
      this.random.below(2) === 0 ? this.flag(2) : this.rareFlag(),
      () => out.set(result, isFlag ? f64.lt(this.number(1), this.number(1)) : this.number(2)),
      () => {
        const kept = out.keep(number(1), "number");
        if (this.random.below(2) === 0) {
          const nested = () => out.set(result, isFlag ? i32.const(1) : kept);
          out.if(this.flag(1), nested, () => out.set(result, isFlag ? f64.gt(kept, kept) : f64.neg(kept)));
        } else out.set(result, isFlag ? i32.const(0) : kept);
      },
    );
    if (isFlag) this.flags.push(local(result) as I32);
    else this.numbers.push(local(result) as F64);
  }
}
