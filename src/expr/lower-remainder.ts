/**
 * `a % b` in f64 arithmetic where both are whole, which is exact below 2^53; otherwise JavaScript's own.
 *
 * The quotient of whole A < 2^53 by whole B, rounded to a double, is never rounded up to a whole number it does not reach, so
 * its floor is right. For a constant B the division becomes a multiplication: (A + ½) / B is at least ½ / B away from a whole
 * number, more than two roundings err by while A < 2^51.
 */
import type { F64, I32 } from "../codegen/code.ts";
import { call, f64, i64, local } from "../codegen/operations.ts";
import type { Frame } from "./lowering.ts";
import { and, constantOf, keepNumber, type NumberValue } from "./lower-number.ts";
import { numberValue } from "./merge.ts";

const byReciprocalMax = 2 ** 51;
const bitsOf2To52 = 0x4330_0000_0000_0000n;

export function remainder(a: NumberValue, b: NumberValue, frame: Frame): NumberValue {
  const divisor = constantOf(b.code);
  const isFast =
    divisor === undefined ? !isFractional(a) : Number.isSafeInteger(divisor) && divisor !== 0 && !isFractional(a);
  if (!isFast) return numberValue(slow(a.code, b.code, frame), undefined);
  const dividend = keepNumber(a.code, frame);
  const magnitude = (a.integer?.min ?? -1) >= 0 ? dividend : keepNumber(f64.abs(dividend), frame);
  return numberValue(
    divisor === undefined
      ? byDivision(a, b, dividend, magnitude, frame)
      : byConstant(a, Math.abs(divisor), dividend, magnitude, frame),
    rangeOfRemainder(a, b),
  );
}

function isFractional(value: NumberValue): boolean {
  const known = constantOf(value.code);
  return known !== undefined && !Number.isSafeInteger(known);
}

function byConstant(a: NumberValue, divisor: number, dividend: F64, magnitude: F64, frame: Frame): F64 {
  const { integer } = a;
  const isSmall = integer !== undefined && Math.max(-integer.min, integer.max) < byReciprocalMax;
  const isPowerOf2 = Number.isInteger(Math.log2(divisor)) && divisor <= byReciprocalMax;
  const rest = signed(a, isPowerOf2 ? lowBits(magnitude, divisor) : belowDivisor(magnitude, divisor), dividend);
  if (isSmall) return rest;
  const fits = and(f64.lt(magnitude, f64.const(byReciprocalMax)), whole(a, magnitude));
  return checked(fits, rest, () => slow(dividend, f64.const(divisor), frame), frame);
}

function belowDivisor(magnitude: F64, divisor: number): F64 {
  const quotient = f64.floor(f64.mul(f64.add(magnitude, f64.const(0.5)), f64.const(1 / divisor)));
  return f64.sub(magnitude, f64.mul(quotient, f64.const(divisor)));
}

/** What a power of two leaves of a whole number below 2^52: added to that, it is the low bits of the sum. */
function lowBits(magnitude: F64, divisor: number): F64 {
  const bits = i64.reinterpret_f64(f64.add(magnitude, f64.const(2 ** 52)));
  const low = i64.and(bits, i64.const(bitsOf2To52 | BigInt(divisor - 1)));
  return f64.sub(f64.reinterpret_i64(low), f64.const(2 ** 52));
}

function byDivision(a: NumberValue, b: NumberValue, dividend: F64, magnitude: F64, frame: Frame): F64 {
  const divisor = keepNumber(b.code, frame);
  const size = (b.integer?.min ?? -1) >= 0 ? divisor : keepNumber(f64.abs(divisor), frame);
  const quotient = f64.floor(f64.div(magnitude, size));
  const rest = signed(a, f64.sub(magnitude, f64.mul(quotient, size)), dividend);
  const isNeverZero = b.integer !== undefined && (b.integer.min > 0 || b.integer.max < 0);
  if (a.integer !== undefined && isNeverZero) return rest;
  const limit = f64.const(2 ** 53);
  let fits = whole(a, magnitude);
  if (a.integer === undefined) fits = and(fits, f64.lt(magnitude, limit));
  if (!isNeverZero) fits = and(fits, f64.gt(size, f64.const(0)));
  if (b.integer === undefined) fits = and(and(fits, whole(b, size)), f64.lt(size, limit));
  return checked(fits, rest, () => slow(dividend, divisor, frame), frame);
}

/** The result has the dividend's sign, if it is zero too. */
function signed(a: NumberValue, rest: F64, dividend: F64): F64 {
  return (a.integer?.min ?? -1) >= 0 ? rest : f64.copysign(rest, dividend);
}

function whole(value: NumberValue, magnitude: F64): I32 {
  return value.integer === undefined
    ? f64.eq(f64.floor(magnitude), magnitude)
    : { kind: "constant", type: "i32", value: 1 };
}

function checked(fits: I32, fast: F64, otherwise: () => F64, frame: Frame): F64 {
  if (constantOf(fits) === 1) return fast;
  const { out } = frame.lowering;
  const result = out.local("f64", "remainder");
  out.if(
    fits,
    () => out.set(result, fast),
    () => out.set(result, otherwise()),
  );
  return local(result);
}

function slow(a: F64, b: F64, frame: Frame): F64 {
  return call(frame.lowering.host("remainder", ["f64", "f64"], "f64"), a, b);
}

function rangeOfRemainder(a: NumberValue, b: NumberValue) {
  if (a.integer === undefined || b.integer === undefined || a.integer.min < 0) return undefined;
  if (b.integer.min <= 0 && b.integer.max >= 0) return undefined;
  const largest = Math.max(Math.abs(b.integer.min), Math.abs(b.integer.max)) - 1;
  return { min: 0, max: Math.min(a.integer.max, largest) };
}
