/** What scalar instructions compute, in TypeScript: i32 as signed numbers, i64 as signed bigints, f64 as numbers. */
import type { Code, Local } from "../../src/codegen/code.ts";

export type Scalar = number | bigint;

const bits = new DataView(new ArrayBuffer(8));

/** By instruction; `wrap` brings results into range. */
export const reference = new Map<string, (...args: never[]) => Scalar>();

const define = (type: string, functions: Readonly<Record<string, (...args: never[]) => Scalar | boolean>>) => {
  for (const [name, compute] of Object.entries(functions))
    reference.set(`${type}.${name}`, (...args) => {
      const result = compute(...args);
      return typeof result === "boolean" ? Number(result) : result;
    });
};

for (const width of [32, 64]) {
  type Binary = (a: bigint, b: bigint) => bigint | boolean;
  const signed = (value: bigint) => BigInt.asIntN(width, value);
  const unsigned = (value: bigint) => BigInt.asUintN(width, value);
  const count = (value: bigint) => unsigned(value) & BigInt(width - 1);
  const digits = (value: bigint) => unsigned(value).toString(2).padStart(width, "0");
  const binary: Record<string, Binary> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div_s: (a, b) => a / b,
    div_u: (a, b) => unsigned(a) / unsigned(b),
    rem_s: (a, b) => a % b,
    rem_u: (a, b) => unsigned(a) % unsigned(b),
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    shl: (a, b) => a << count(b),
    shr_s: (a, b) => a >> count(b),
    shr_u: (a, b) => unsigned(a) >> count(b),
    rotl: (a, b) => (unsigned(a) << count(b)) | (unsigned(a) >> (BigInt(width) - count(b))),
    rotr: (a, b) => (unsigned(a) >> count(b)) | (unsigned(a) << (BigInt(width) - count(b))),
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    lt_s: (a, b) => a < b,
    lt_u: (a, b) => unsigned(a) < unsigned(b),
    gt_s: (a, b) => a > b,
    gt_u: (a, b) => unsigned(a) > unsigned(b),
    le_s: (a, b) => a <= b,
    le_u: (a, b) => unsigned(a) <= unsigned(b),
    ge_s: (a, b) => a >= b,
    ge_u: (a, b) => unsigned(a) >= unsigned(b),
  };
  const unary: Record<string, (a: bigint) => bigint | boolean> = {
    eqz: a => a === 0n,
    clz: a => BigInt((digits(a) + "1").indexOf("1")),
    ctz: a => BigInt(width - 1 - `1${digits(a)}`.lastIndexOf("1") + 1),
    popcnt: a => BigInt(digits(a).replaceAll("0", "").length),
    extend8_s: a => BigInt.asIntN(8, a),
    extend16_s: a => BigInt.asIntN(16, a),
    ...(width === 64 && { extend32_s: (a: bigint) => BigInt.asIntN(32, a) }),
  };
  for (const [name, compute] of Object.entries({ ...binary, ...unary }) as [string, Binary][])
    reference.set(`i${width}.${name}`, (...args: Scalar[]) => {
      const [a, b] = args.map(BigInt);
      const result = compute(a!, b!);
      if (typeof result === "boolean") return Number(result);
      return width === 32 ? Number(signed(result)) : signed(result);
    });
}

const clamp = (value: number, low: bigint, high: bigint): bigint => {
  if (Number.isNaN(value)) return 0n;
  if (value <= Number(low)) return low;
  return value >= Number(high) ? high : BigInt(Math.trunc(value));
};

define("i32", {
  wrap_i64: (a: bigint) => Number(BigInt.asIntN(32, a)),
  trunc_f64_s: (a: number) => Math.trunc(a) + 0,
  trunc_f64_u: (a: number) => Math.trunc(a) | 0,
  trunc_sat_f64_s: (a: number) => Number(clamp(a, -(2n ** 31n), 2n ** 31n - 1n)),
  trunc_sat_f64_u: (a: number) => Number(clamp(a, 0n, 2n ** 32n - 1n)) | 0,
});
define("i64", {
  extend_i32_s: (a: number) => BigInt(a),
  extend_i32_u: (a: number) => BigInt(a >>> 0),
  trunc_f64_s: (a: number) => BigInt(Math.trunc(a)),
  trunc_f64_u: (a: number) => BigInt.asIntN(64, BigInt(Math.trunc(a))),
  trunc_sat_f64_s: (a: number) => clamp(a, -(2n ** 63n), 2n ** 63n - 1n),
  trunc_sat_f64_u: (a: number) => BigInt.asIntN(64, clamp(a, 0n, 2n ** 64n - 1n)),
  reinterpret_f64: (a: number) => (bits.setFloat64(0, a), bits.getBigInt64(0)),
});

/** Half to even. */
export function nearest(a: number): number {
  if (!Number.isFinite(a) || Math.abs(a) >= 2 ** 52) return a;
  const magnitude = Math.abs(a);
  const floor = Math.floor(magnitude);
  const rest = magnitude - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  return isNegative(a) ? -rounded : rounded;
}

export function isNegative(a: number): boolean {
  return a < 0 || Object.is(a, -0);
}

define("f64", {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  min: (a: number, b: number) => Math.min(a, b),
  max: (a: number, b: number) => Math.max(a, b),
  copysign: (a: number, b: number) => (isNegative(b) ? -Math.abs(a) : Math.abs(a)),
  abs: (a: number) => Math.abs(a),
  neg: (a: number) => -a,
  ceil: (a: number) => Math.ceil(a),
  floor: (a: number) => Math.floor(a),
  trunc: (a: number) => Math.trunc(a),
  sqrt: (a: number) => Math.sqrt(a),
  nearest,
  eq: (a: number, b: number) => a === b,
  ne: (a: number, b: number) => a !== b,
  lt: (a: number, b: number) => a < b,
  gt: (a: number, b: number) => a > b,
  le: (a: number, b: number) => a <= b,
  ge: (a: number, b: number) => a >= b,
  convert_i32_s: (a: number) => a,
  convert_i32_u: (a: number) => a >>> 0,
  convert_i64_s: (a: bigint) => Number(a),
  convert_i64_u: (a: bigint) => Number(BigInt.asUintN(64, a)),
  reinterpret_i64: (a: bigint) => (bits.setBigInt64(0, a), bits.getFloat64(0)),
});

/** Of trees without loads and calls. */
export function evaluate(code: Code, locals: ReadonlyMap<Local, Scalar>): Scalar {
  if (code.kind === "constant") return code.type === "i32" ? Number(code.value) | 0 : code.value;
  if (code.kind === "local") return locals.get(code.local)!;
  if (code.kind !== "operation") throw new Error(`${code.kind} has no reference`);
  const args = code.args.map(each => evaluate(each, locals));
  if (code.op === "select") return args[2] === 0 ? args[1]! : args[0]!;
  const compute = reference.get(code.op);
  if (compute === undefined) throw new Error(`${code.op} has no reference`);
  return compute(...(args as never[]));
}
