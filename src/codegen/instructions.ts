/**
 * The instructions that trees may name: opcode bytes, operand types and result, from the binary format of WebAssembly 2.0. An
 * f32 is never in a local; here it goes by the type "f64", between `f32.load` and `f64.promote_f32` only. Relaxed SIMD is
 * left out on purpose: its results differ between machines.
 */
import type { ValueType } from "./code.ts";

export interface Instruction {
  readonly opcode: readonly number[];
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
}

export interface StoreInstruction {
  readonly opcode: readonly number[];
  readonly value: ValueType;
}

/** Those of kind "operation", but for `select`, whose type is that of its operands. */
export const operations = new Map<string, Instruction>();
export const loads = new Map<string, Instruction>();
export const stores = new Map<string, StoreInstruction>();
/** With a lane number behind the opcode; `laneCounts` bounds it. */
export const lanes = new Map<string, Instruction>();

export const selectOpcode = 0x1b;

const letters = { i: "i32", l: "i64", d: "f64", v: "v128" } as const;

function typesOf(text: string): ValueType[] {
  return [...text].map(letter => letters[letter as keyof typeof letters]);
}

function bytesOf(opcode: number, prefix: number | undefined): number[] {
  if (prefix === undefined) return [opcode];
  return opcode < 0x80 ? [prefix, opcode] : [prefix, (opcode & 0x7f) | 0x80, opcode >> 7];
}

/** Names with successive opcodes and one signature, as "dd>i"; "-" leaves an opcode out. */
function define(
  into: Map<string, Instruction>,
  opcode: number,
  signature: string,
  names: string,
  options: { readonly of?: string; readonly prefix?: number } = {},
): void {
  const [parameters = "", result = ""] = signature.split(">");
  for (const [i, name] of names.split(" ").entries()) {
    if (name === "-") continue;
    into.set(options.of === undefined ? name : `${options.of}.${name}`, {
      opcode: bytesOf(opcode + i, options.prefix),
      parameters: typesOf(parameters),
      result: typesOf(result)[0]!,
    });
  }
}

const plain = (of: string, opcode: number, signature: string, names: string) =>
  define(operations, opcode, signature, names, { of });
const simd = (of: string, opcode: number, signature: string, names: string) =>
  define(operations, opcode, signature, names, { of, prefix: 0xfd });

const integerTests = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const integerArithmetic = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
plain("i32", 0x45, "i>i", "eqz");
plain("i32", 0x46, "ii>i", integerTests);
plain("i64", 0x50, "l>i", "eqz");
plain("i64", 0x51, "ll>i", integerTests);
plain("f64", 0x61, "dd>i", "eq ne lt gt le ge");
plain("i32", 0x67, "i>i", "clz ctz popcnt");
plain("i32", 0x6a, "ii>i", integerArithmetic);
plain("i64", 0x79, "l>l", "clz ctz popcnt");
plain("i64", 0x7c, "ll>l", integerArithmetic);
plain("f64", 0x99, "d>d", "abs neg ceil floor trunc nearest sqrt");
plain("f64", 0xa0, "dd>d", "add sub mul div min max copysign");
plain("i32", 0xa7, "l>i", "wrap_i64");
plain("i32", 0xaa, "d>i", "trunc_f64_s trunc_f64_u");
plain("i64", 0xac, "i>l", "extend_i32_s extend_i32_u");
plain("i64", 0xb0, "d>l", "trunc_f64_s trunc_f64_u");
plain("f32", 0xb6, "d>d", "demote_f64");
plain("f64", 0xb7, "i>d", "convert_i32_s convert_i32_u");
plain("f64", 0xb9, "l>d", "convert_i64_s convert_i64_u");
plain("f64", 0xbb, "d>d", "promote_f32");
plain("i64", 0xbd, "d>l", "reinterpret_f64");
plain("f64", 0xbf, "l>d", "reinterpret_i64");
plain("i32", 0xc0, "i>i", "extend8_s extend16_s");
plain("i64", 0xc2, "l>l", "extend8_s extend16_s extend32_s");
define(operations, 2, "d>i", "trunc_sat_f64_s trunc_sat_f64_u", { of: "i32", prefix: 0xfc });
define(operations, 6, "d>l", "trunc_sat_f64_s trunc_sat_f64_u", { of: "i64", prefix: 0xfc });

simd("i8x16", 14, "vv>v", "swizzle");
simd("i8x16", 15, "i>v", "splat");
simd("i16x8", 16, "i>v", "splat");
simd("i32x4", 17, "i>v", "splat");
simd("i64x2", 18, "l>v", "splat");
simd("f64x2", 20, "d>v", "splat");
const laneTests = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
simd("i8x16", 35, "vv>v", laneTests);
simd("i16x8", 45, "vv>v", laneTests);
simd("i32x4", 55, "vv>v", laneTests);
simd("f64x2", 71, "vv>v", "eq ne lt gt le ge");
simd("v128", 77, "v>v", "not");
simd("v128", 78, "vv>v", "and andnot or xor");
simd("v128", 82, "vvv>v", "bitselect");
simd("v128", 83, "v>i", "any_true");
simd("f64x2", 95, "v>v", "promote_low_f32x4");
simd("i8x16", 96, "v>v", "abs neg popcnt");
simd("i8x16", 99, "v>i", "all_true bitmask");
simd("i8x16", 101, "vv>v", "narrow_i16x8_s narrow_i16x8_u");
simd("i8x16", 107, "vi>v", "shl shr_s shr_u");
simd("i8x16", 110, "vv>v", "add add_sat_s add_sat_u sub sub_sat_s sub_sat_u");
simd("f64x2", 116, "v>v", "ceil floor");
simd("i8x16", 118, "vv>v", "min_s min_u max_s max_u");
simd("f64x2", 122, "v>v", "trunc");
simd("i8x16", 123, "vv>v", "avgr_u");
simd("i16x8", 128, "v>v", "abs neg");
simd("i16x8", 131, "v>i", "all_true bitmask");
simd("i16x8", 133, "vv>v", "narrow_i32x4_s narrow_i32x4_u");
simd("i16x8", 135, "v>v", "extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u");
simd("i16x8", 139, "vi>v", "shl shr_s shr_u");
simd("i16x8", 142, "vv>v", "add add_sat_s add_sat_u sub sub_sat_s sub_sat_u");
simd("f64x2", 148, "v>v", "nearest");
simd("i16x8", 149, "vv>v", "mul min_s min_u max_s max_u - avgr_u");
simd("i32x4", 160, "v>v", "abs neg");
simd("i32x4", 163, "v>i", "all_true bitmask");
simd("i32x4", 167, "v>v", "extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u");
simd("i32x4", 171, "vi>v", "shl shr_s shr_u");
simd("i32x4", 174, "vv>v", "add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s");
simd("i64x2", 192, "v>v", "abs neg");
simd("i64x2", 195, "v>i", "all_true bitmask");
simd("i64x2", 199, "v>v", "extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u");
simd("i64x2", 203, "vi>v", "shl shr_s shr_u");
simd("i64x2", 206, "vv>v", "add - - sub - - - mul eq ne lt_s gt_s le_s ge_s");
simd("f64x2", 236, "v>v", "abs neg - sqrt");
simd("f64x2", 240, "vv>v", "add sub mul div min max pmin pmax");
simd("i32x4", 252, "v>v", "trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero");
simd("f64x2", 254, "v>v", "convert_low_i32x4_s convert_low_i32x4_u");

define(loads, 0x28, "i>i", "i32.load");
define(loads, 0x29, "i>l", "i64.load");
define(loads, 0x2a, "i>d", "f32.load f64.load");
define(loads, 0x2c, "i>i", "load8_s load8_u load16_s load16_u", { of: "i32" });
define(loads, 0x30, "i>l", "load8_s load8_u load16_s load16_u load32_s load32_u", { of: "i64" });
define(
  loads,
  0,
  "i>v",
  "load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u load8_splat load16_splat load32_splat load64_splat",
  { of: "v128", prefix: 0xfd },
);
define(loads, 92, "i>v", "load32_zero load64_zero", { of: "v128", prefix: 0xfd });

for (const [
  i,
  op,
] of "i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32"
  .split(" ")
  .entries()) {
  stores.set(op, { opcode: [0x36 + i], value: op.startsWith("f") ? "f64" : op.startsWith("i32") ? "i32" : "i64" });
}
stores.set("v128.store", { opcode: [0xfd, 11], value: "v128" });

export const laneCounts: Readonly<Record<string, number>> = { i8x16: 16, i16x8: 8, i32x4: 4, i64x2: 2, f64x2: 2 };
for (const [shape, scalar, first] of [
  ["i32x4", "i", 27],
  ["i64x2", "l", 29],
  ["f64x2", "d", 33],
] as const) {
  define(lanes, first, `v>${scalar}`, "extract_lane", { of: shape, prefix: 0xfd });
  define(lanes, first + 1, `v${scalar}>v`, "replace_lane", { of: shape, prefix: 0xfd });
}
for (const [shape, first] of [
  ["i8x16", 21],
  ["i16x8", 24],
] as const) {
  define(lanes, first, "v>i", "extract_lane_s extract_lane_u", { of: shape, prefix: 0xfd });
  define(lanes, first + 2, "vi>v", "replace_lane", { of: shape, prefix: 0xfd });
}
