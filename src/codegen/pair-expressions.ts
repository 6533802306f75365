/**
 * Expressions over one row as expressions over two at once: an f64 becomes an f64x2, an i32 the low half of an i32x4, and a flag
 * (an i32 that only matters as 0 or not 0) a mask of 64 bits a row. The same bits come out: only instructions are used whose
 * lanes compute what the scalar instruction does. What has no such form throws `NotPairs`.
 */
import type { Code, F64, I32, Local, V128 } from "./code.ts";
import { f64x2, i32, local, v128 } from "./operations.ts";

export class NotPairs extends Error {}

/** A local that is set anew for each row, as one of the pair. */
export interface PairLocal {
  readonly vector: Local<"v128">;
  readonly holds: "number" | "integer" | "flag";
}

export interface Cell {
  readonly base: I32;
  readonly index: Local;
  /** Of the index. */
  readonly shift: number;
}

/** Longer rows gain little from pairs, next to what compiling them twice costs. */
const nodesMax = 1000;

const allLanes: V128 = { kind: "constant", type: "v128", value: -1n };
const noLane: V128 = { kind: "constant", type: "v128", value: 0n };
const signs: V128 = { kind: "constant", type: "v128", value: 0x8000_0000_0000_0000_8000_0000_0000_0000n };

const numberOps = new Set("add sub mul div min max abs neg sqrt floor ceil trunc nearest".split(" "));
const numberTests = new Set("eq ne lt gt le ge".split(" "));
const integerOps = new Set("add sub mul and or xor".split(" "));
const shifts = new Set("shl shr_s shr_u".split(" "));
const integerTests = new Set("eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split(" "));

export class PairExpressions {
  readonly pairs = new Map<Local, PairLocal>();
  /** Those of `pairs` that have a value where code is being written. */
  readonly defined = new Set<Local>();
  /** How much was written. */
  nodes = 0;

  constructor(
    private readonly row: Local,
    /** How many rows behind `row` the pair begins. */
    private readonly ahead: number,
    /** Locals that the loop sets. */
    private readonly varying: ReadonlySet<Local>,
  ) {}

  number(code: Code): V128 {
    this.count();
    switch (code.kind) {
      case "constant":
        return f64x2.splat(code as F64);
      case "local":
        if (!this.varying.has(code.local)) return f64x2.splat(code as F64);
        return this.paired(code.local, "number");
      case "load": {
        if (code.op !== "f64.load") throw new NotPairs();
        this.cell(code.address, 3);
        return v128.load(code.address, this.offsetOf(code.offset, 3));
      }
      case "operation":
        return this.numberOperation(code.op, code.args);
      default:
        throw new NotPairs();
    }
  }

  private numberOperation(op: string, args: readonly Code[]): V128 {
    const [a, b, c] = args;
    const name = op.slice(op.indexOf(".") + 1);
    if (op.startsWith("f64.") && numberOps.has(name))
      return operation(
        `f64x2.${name}`,
        args.map(each => this.number(each)),
      );
    switch (op) {
      case "select":
        return v128.bitselect(this.number(a!), this.number(b!), this.flag(c!));
      case "f64.copysign":
        return v128.bitselect(this.number(b!), this.number(a!), signs);
      case "f64.convert_i32_s":
        return operation("f64x2.convert_low_i32x4_s", [this.integer(a!)]);
      case "f64.convert_i32_u":
        return operation("f64x2.convert_low_i32x4_u", [this.integer(a!)]);
      case "f64.reinterpret_i64":
        return this.long(a!);
      case "f64.promote_f32":
        if (a?.kind !== "load") throw new NotPairs();
        this.cell(a.address, 2);
        return operation("f64x2.promote_low_f32x4", [load("v128.load64_zero", a.address, this.offsetOf(a.offset, 2))]);
      default:
        throw new NotPairs();
    }
  }

  /** An i64 in each lane: how numbers are made of their bits. */
  private long(code: Code): V128 {
    this.count();
    if (code.kind === "constant") return operation("i64x2.splat", [code]);
    if (code.kind !== "operation") throw new NotPairs();
    const [a, b] = code.args;
    switch (code.op) {
      case "i64.reinterpret_f64":
        return this.number(a!);
      case "i64.extend_i32_u":
        return operation("i64x2.extend_low_i32x4_u", [this.integer(a!)]);
      case "i64.extend_i32_s":
        return operation("i64x2.extend_low_i32x4_s", [this.integer(a!)]);
      case "i64.or":
        return v128.or(this.long(a!), this.long(b!));
      case "i64.and":
        return v128.and(this.long(a!), this.long(b!));
      case "i64.xor":
        return v128.xor(this.long(a!), this.long(b!));
      default:
        throw new NotPairs();
    }
  }

  /** In lanes 0 and 1 of four; the others mean nothing. */
  integer(code: Code): V128 {
    this.count();
    switch (code.kind) {
      case "constant":
        return operation("i32x4.splat", [code]);
      case "local":
        if (!this.varying.has(code.local)) return operation("i32x4.splat", [code]);
        if (code.local === this.row) return this.rowNumbers(code);
        if (this.pairs.get(code.local)?.holds === "flag") return integerOfFlag(this.paired(code.local, "flag"));
        return this.paired(code.local, "integer");
      case "load":
        return this.integerLoad(code.op, code.address, code.offset);
      case "operation":
        return this.integerOperation(code);
      default:
        throw new NotPairs();
    }
  }

  private rowNumbers(row: Code): V128 {
    const lanes = BigInt(this.ahead) | (BigInt(this.ahead + 1) << 32n);
    return operation("i32x4.add", [operation("i32x4.splat", [row]), { kind: "constant", type: "v128", value: lanes }]);
  }

  private integerLoad(op: string, address: I32, offset: number): V128 {
    if (op === "i32.load") {
      this.cell(address, 2);
      return load("v128.load64_zero", address, this.offsetOf(offset, 2));
    }
    if (op !== "i32.load8_u") throw new NotPairs();
    this.cell(address, 0);
    const halves = operation("i16x8.extend_low_i8x16_u", [
      load("v128.load16_splat", address, this.offsetOf(offset, 0)),
    ]);
    return operation("i32x4.extend_low_i16x8_u", [halves]);
  }

  private integerOperation(code: Extract<Code, { kind: "operation" }>): V128 {
    const { op, args } = code;
    const [a, b, c] = args;
    if (this.isFlag(code)) return integerOfFlag(this.flag(code));
    if (op === "i32.trunc_sat_f64_s") return operation("i32x4.trunc_sat_f64x2_s_zero", [this.number(a!)]);
    if (op === "i32.trunc_sat_f64_u") return operation("i32x4.trunc_sat_f64x2_u_zero", [this.number(a!)]);
    if (op === "select") {
      const flags = integerOfFlag(this.flag(c!));
      const mask = operation("i32x4.ne", [flags, noLane]);
      return v128.bitselect(this.integer(a!), this.integer(b!), mask);
    }
    const name = op.slice(op.indexOf(".") + 1);
    if (!op.startsWith("i32.")) throw new NotPairs();
    if (shifts.has(name) && b!.kind === "constant") return operation(`i32x4.${name}`, [this.integer(a!), b!]);
    if (!integerOps.has(name)) throw new NotPairs();
    const bitwise = name === "and" || name === "or" || name === "xor";
    return operation(`${bitwise ? "v128" : "i32x4"}.${name}`, [this.integer(a!), this.integer(b!)]);
  }

  /** All bits where the code is not 0. */
  flag(code: Code): V128 {
    this.count();
    if (code.kind === "constant") return Number(code.value) === 0 ? noLane : allLanes;
    if (code.kind === "local" && this.pairs.get(code.local)?.holds === "flag") return this.paired(code.local, "flag");
    if (code.kind !== "operation") return notZero(this.integer(code));
    const { op, args } = code;
    const [a, b, c] = args;
    const name = op.slice(op.indexOf(".") + 1);
    if (op.startsWith("f64.") && numberTests.has(name))
      return operation(`f64x2.${name}`, [this.number(a!), this.number(b!)]);
    if (op === "i32.eqz") return not(this.flag(a!));
    if (op === "i32.or") return v128.or(this.flag(a!), this.flag(b!));
    if (op === "i32.and" && this.isFlag(a!) && this.isFlag(b!)) return v128.and(this.flag(a!), this.flag(b!));
    if (op === "i32.xor" && this.isFlag(a!) && this.isFlag(b!)) return v128.xor(this.flag(a!), this.flag(b!));
    if (op === "select") return v128.bitselect(this.flag(a!), this.flag(b!), this.flag(c!));
    if (op.startsWith("i32.") && integerTests.has(name))
      return widened(operation(`i32x4.${name}`, [this.integer(a!), this.integer(b!)]));
    // of 64-bit integers
    if (this.isFlag(code)) throw new NotPairs();
    return notZero(this.integer(code));
  }

  /** Whether it is 0 or 1 whatever it is computed from, as far as can be seen soon. */
  isFlag(code: Code, depth = 12): boolean {
    if (code.kind === "constant") return code.value === 0 || code.value === 1;
    if (code.kind === "local") return this.pairs.get(code.local)?.holds === "flag";
    if (code.kind !== "operation" || depth === 0) return false;
    const [a, b] = code.args;
    const name = code.op.slice(code.op.indexOf(".") + 1);
    if (code.op === "i32.and" || code.op === "i32.or" || code.op === "i32.xor" || code.op === "select")
      return code.type === "i32" && this.isFlag(a!, depth - 1) && this.isFlag(b!, depth - 1);
    return name === "eqz" || numberTests.has(name) || integerTests.has(name);
  }

  /** Where in an array of items of 2^shift bytes; loads are of the row's own. */
  private cell(address: I32, shift: number): void {
    const cell = this.cellOf(address);
    if (cell.index !== this.row || cell.shift !== shift) throw new NotPairs();
  }

  /** To the pair's first row, from an address of the row's own. */
  private offsetOf(offset: number, shift: number): number {
    return offset + (this.ahead << shift);
  }

  cellOf(address: I32): Cell {
    if (address.kind !== "operation" || address.op !== "i32.add") throw new NotPairs();
    const [base, scaled] = address.args as readonly [I32, I32];
    if (base.kind !== "constant" && (base.kind !== "local" || this.varying.has(base.local))) throw new NotPairs();
    if (scaled.kind === "local") return { base, index: scaled.local, shift: 0 };
    if (scaled.kind !== "operation" || scaled.op !== "i32.shl") throw new NotPairs();
    const [index, shift] = scaled.args as readonly [I32, I32];
    if (index.kind !== "local" || shift.kind !== "constant") throw new NotPairs();
    return { base, index: index.local, shift: Number(shift.value) };
  }

  private count(): void {
    if (++this.nodes > nodesMax) throw new NotPairs();
  }

  private paired(of: Local, holds: PairLocal["holds"]): V128 {
    const pair = this.pairs.get(of);
    if (pair === undefined || pair.holds !== holds || !this.defined.has(of)) throw new NotPairs();
    return local(pair.vector);
  }
}

function operation(op: string, args: readonly Code[]): V128 {
  return { kind: "operation", type: "v128", op, args };
}

function load(op: string, address: I32, offset: number): V128 {
  return { kind: "load", type: "v128", op, address, offset };
}

/** The other rows. */
export function not(mask: V128): V128 {
  return mask.kind === "operation" && mask.op === "v128.not" ? (mask.args[0] as V128) : operation("v128.not", [mask]);
}

/** From the low two of four lanes to two. */
function widened(integers: V128): V128 {
  return operation("i64x2.extend_low_i32x4_s", [integers]);
}

function notZero(integers: V128): V128 {
  return widened(operation("i32x4.ne", [integers, noLane]));
}

/** 1 where all bits are set. */
function integerOfFlag(mask: V128): V128 {
  const one: F64 = { kind: "constant", type: "f64", value: 1 };
  return operation("i32x4.trunc_sat_f64x2_s_zero", [v128.and(mask, f64x2.splat(one))]);
}

/** Lane 0 or 1 of the integers. */
export function integerLane(integers: V128, lane: number): I32 {
  return { kind: "lane", type: "i32", op: "i32x4.extract_lane", lane, args: [integers] };
}

/** 0 or 1, of two bits. */
export function bitOf(bits: I32, lane: number): I32 {
  return lane === 0 ? i32.and(bits, i32.const(1)) : i32.shr_u(bits, i32.const(1));
}
