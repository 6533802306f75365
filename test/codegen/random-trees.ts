/** Random expressions of a row: numbers, integers and flags, and branches that may call JavaScript. */
import type { Random } from "../../src/base/random.ts";
import type { F64, I32 } from "../../src/codegen/code.ts";
import { call, f64, i32, i64, local } from "../../src/codegen/operations.ts";
import { awkwardNumbers } from "../kernel/fixture.ts";
import { columns, half, type RowCode } from "./row-loop.ts";

export class RandomTrees {
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
    const { cell, captured, counter, row } = this.code;
    return this.pick<F64>(
      () => counter,
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
      () => f64.reinterpret_i64(i64.and(i64.reinterpret_f64(next()), i64.const(-4096n))),
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
