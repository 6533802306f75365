/** Instructions by their WASM names, typed: `f64.add(a, b)`, `i32.load8_u(address, offset)`. Trees only; nothing is written. */
import type { Code, F64, I32, I64, Import, Local, V128, ValueType } from "./code.ts";

export function local<T extends ValueType>(of: Local<T>): Code<T> {
  return { kind: "local", type: of.type, local: of };
}

export function call<T extends ValueType>(target: Import & { readonly result: T }, ...args: Code[]): Code<T> {
  return { kind: "call", type: target.result, target, args };
}

function operation<T extends ValueType>(type: T, op: string) {
  return (...args: Code[]): Code<T> => ({ kind: "operation", type, op, args });
}

function constant<T extends "i32" | "f64">(type: T) {
  return (value: number): Code<T> => ({ kind: "constant", type, value });
}

function load<T extends ValueType>(type: T, op: string) {
  return (address: I32, offset = 0): Code<T> => ({ kind: "load", type, op, address, offset });
}

type UnaryOf<A, R> = (a: A) => R;
type BinaryOf<A, R> = (a: A, b: A) => R;

const i32Binary = (op: string): BinaryOf<I32, I32> => operation("i32", `i32.${op}`);
const i64Binary = (op: string): BinaryOf<I64, I64> => operation("i64", `i64.${op}`);
const i64Test = (op: string): BinaryOf<I64, I32> => operation("i32", `i64.${op}`);
const f64Binary = (op: string): BinaryOf<F64, F64> => operation("f64", `f64.${op}`);
const f64Test = (op: string): BinaryOf<F64, I32> => operation("i32", `f64.${op}`);
const f64Unary = (op: string): UnaryOf<F64, F64> => operation("f64", `f64.${op}`);
const v128Binary = (op: string): BinaryOf<V128, V128> => operation("v128", op);
const v128Unary = (op: string): UnaryOf<V128, V128> => operation("v128", op);
const lane =
  <T extends ValueType>(type: T, op: string) =>
  (index: number, ...args: Code[]): Code<T> => ({ kind: "lane", type, op, lane: index, args });

export const i32 = {
  const: constant("i32"),
  add: i32Binary("add"),
  sub: i32Binary("sub"),
  mul: i32Binary("mul"),
  div_u: i32Binary("div_u"),
  rem_u: i32Binary("rem_u"),
  and: i32Binary("and"),
  or: i32Binary("or"),
  xor: i32Binary("xor"),
  shl: i32Binary("shl"),
  shr_s: i32Binary("shr_s"),
  shr_u: i32Binary("shr_u"),
  eq: i32Binary("eq"),
  ne: i32Binary("ne"),
  lt_s: i32Binary("lt_s"),
  lt_u: i32Binary("lt_u"),
  le_s: i32Binary("le_s"),
  le_u: i32Binary("le_u"),
  gt_s: i32Binary("gt_s"),
  gt_u: i32Binary("gt_u"),
  ge_s: i32Binary("ge_s"),
  ge_u: i32Binary("ge_u"),
  eqz: operation("i32", "i32.eqz") as UnaryOf<I32, I32>,
  ctz: operation("i32", "i32.ctz") as UnaryOf<I32, I32>,
  clz: operation("i32", "i32.clz") as UnaryOf<I32, I32>,
  popcnt: operation("i32", "i32.popcnt") as UnaryOf<I32, I32>,
  wrap_i64: operation("i32", "i32.wrap_i64") as UnaryOf<I64, I32>,
  trunc_sat_f64_s: operation("i32", "i32.trunc_sat_f64_s") as UnaryOf<F64, I32>,
  trunc_sat_f64_u: operation("i32", "i32.trunc_sat_f64_u") as UnaryOf<F64, I32>,
  select: operation("i32", "select") as (then: I32, otherwise: I32, test: I32) => I32,
  load: load("i32", "i32.load"),
  load8_u: load("i32", "i32.load8_u"),
  load8_s: load("i32", "i32.load8_s"),
  load16_u: load("i32", "i32.load16_u"),
};

export const i64 = {
  const: (value: bigint): I64 => ({ kind: "constant", type: "i64", value }),
  add: i64Binary("add"),
  sub: i64Binary("sub"),
  mul: i64Binary("mul"),
  rem_s: i64Binary("rem_s"),
  rem_u: i64Binary("rem_u"),
  and: i64Binary("and"),
  or: i64Binary("or"),
  xor: i64Binary("xor"),
  shl: i64Binary("shl"),
  shr_u: i64Binary("shr_u"),
  eq: i64Test("eq"),
  ne: i64Test("ne"),
  lt_s: i64Test("lt_s"),
  eqz: operation("i32", "i64.eqz") as UnaryOf<I64, I32>,
  ctz: operation("i64", "i64.ctz") as UnaryOf<I64, I64>,
  extend_i32_u: operation("i64", "i64.extend_i32_u") as UnaryOf<I32, I64>,
  extend_i32_s: operation("i64", "i64.extend_i32_s") as UnaryOf<I32, I64>,
  trunc_sat_f64_s: operation("i64", "i64.trunc_sat_f64_s") as UnaryOf<F64, I64>,
  reinterpret_f64: operation("i64", "i64.reinterpret_f64") as UnaryOf<F64, I64>,
  select: operation("i64", "select") as (then: I64, otherwise: I64, test: I32) => I64,
  load: load("i64", "i64.load"),
};

export const f64 = {
  const: constant("f64"),
  add: f64Binary("add"),
  sub: f64Binary("sub"),
  mul: f64Binary("mul"),
  div: f64Binary("div"),
  min: f64Binary("min"),
  max: f64Binary("max"),
  copysign: f64Binary("copysign"),
  abs: f64Unary("abs"),
  neg: f64Unary("neg"),
  sqrt: f64Unary("sqrt"),
  floor: f64Unary("floor"),
  ceil: f64Unary("ceil"),
  trunc: f64Unary("trunc"),
  nearest: f64Unary("nearest"),
  eq: f64Test("eq"),
  ne: f64Test("ne"),
  lt: f64Test("lt"),
  le: f64Test("le"),
  gt: f64Test("gt"),
  ge: f64Test("ge"),
  convert_i32_s: operation("f64", "f64.convert_i32_s") as UnaryOf<I32, F64>,
  convert_i32_u: operation("f64", "f64.convert_i32_u") as UnaryOf<I32, F64>,
  convert_i64_s: operation("f64", "f64.convert_i64_s") as UnaryOf<I64, F64>,
  reinterpret_i64: operation("f64", "f64.reinterpret_i64") as UnaryOf<I64, F64>,
  /** Of a 4-byte float at an address. */
  load_f32: (address: I32, offset = 0): F64 => ({
    kind: "operation",
    type: "f64",
    op: "f64.promote_f32",
    // the one f32 there is, which no local ever holds
    args: [{ kind: "load", type: "f64", op: "f32.load", address, offset }],
  }),
  select: operation("f64", "select") as (then: F64, otherwise: F64, test: I32) => F64,
  load: load("f64", "f64.load"),
};

export const v128 = {
  load: load("v128", "v128.load"),
  and: v128Binary("v128.and"),
  or: v128Binary("v128.or"),
  xor: v128Binary("v128.xor"),
  andnot: v128Binary("v128.andnot"),
  bitselect: operation("v128", "v128.bitselect") as (a: V128, b: V128, mask: V128) => V128,
};

export const f64x2 = {
  splat: operation("v128", "f64x2.splat") as UnaryOf<F64, V128>,
  add: v128Binary("f64x2.add"),
  sub: v128Binary("f64x2.sub"),
  mul: v128Binary("f64x2.mul"),
  div: v128Binary("f64x2.div"),
  pmin: v128Binary("f64x2.pmin"),
  pmax: v128Binary("f64x2.pmax"),
  eq: v128Binary("f64x2.eq"),
  ne: v128Binary("f64x2.ne"),
  lt: v128Binary("f64x2.lt"),
  le: v128Binary("f64x2.le"),
  gt: v128Binary("f64x2.gt"),
  ge: v128Binary("f64x2.ge"),
  abs: v128Unary("f64x2.abs"),
  neg: v128Unary("f64x2.neg"),
  sqrt: v128Unary("f64x2.sqrt"),
  floor: v128Unary("f64x2.floor"),
  ceil: v128Unary("f64x2.ceil"),
  trunc: v128Unary("f64x2.trunc"),
  extract_lane: lane("f64", "f64x2.extract_lane") as (index: number, of: V128) => F64,
  replace_lane: lane("v128", "f64x2.replace_lane") as (index: number, of: V128, value: F64) => V128,
};

export const i64x2 = {
  bitmask: operation("i32", "i64x2.bitmask") as UnaryOf<V128, I32>,
};

export const i8x16 = {
  splat: operation("v128", "i8x16.splat") as UnaryOf<I32, V128>,
  eq: v128Binary("i8x16.eq"),
  bitmask: operation("i32", "i8x16.bitmask") as UnaryOf<V128, I32>,
};
