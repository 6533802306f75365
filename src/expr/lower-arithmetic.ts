/** `+ - * / % **` and the bit operators on numbers, and what is known of their results. */
import type { F64 } from "../codegen/code.ts";
import { call, f64 } from "../codegen/operations.ts";
import type { Binary, Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { type BitOperator, bitOperation, toInt32 } from "./lower-bits.ts";
import {
  boundsOf,
  constantOf,
  keepNumber,
  numberConstant,
  type NumberValue,
  ofInt32,
  rangeOf,
  toNumber,
  withBounds,
} from "./lower-number.ts";
import { remainder } from "./lower-remainder.ts";
import { numberValue } from "./merge.ts";
import type { IntegerRange, Value } from "./value.ts";

export type ArithmeticOperator = Extract<Binary, "+" | "-" | "*" | "/" | "%" | "**"> | BitOperator;

/** Of values that are numbers once converted: `+` of strings is none of it. */
export function arithmetic(
  operator: ArithmeticOperator,
  left: Value,
  right: Value,
  frame: Frame,
  at?: Place,
): NumberValue {
  const a = toNumber(left, frame, at);
  const b = toNumber(right, frame, at);
  const knownA = constantOf(a.code);
  const knownB = constantOf(b.code);
  if (knownA !== undefined && knownB !== undefined) return numberConstant(compute(operator, knownA, knownB));
  switch (operator) {
    case "+":
      return numberValue(f64.add(a.code, b.code), sum(a.integer, b.integer));
    case "-":
      return numberValue(f64.sub(a.code, b.code), difference(a.integer, b.integer));
    case "*":
      return numberValue(f64.mul(a.code, b.code), product(a.integer, b.integer));
    case "/":
      return withBounds(numberValue(f64.div(a.code, b.code), undefined), quotient(a, b));
    case "%":
      return remainder(a, b, frame);
    case "**":
      return numberValue(power(a.code, b.code, frame), undefined);
    default:
      return bitOperation(operator, a, b, frame);
  }
}

export function negate(value: Value, frame: Frame, at: Place | undefined): NumberValue {
  const { code, integer } = toNumber(value, frame, at);
  const known = constantOf(code);
  if (known !== undefined) return numberConstant(-known);
  const hasZero = integer === undefined || (integer.min <= 0 && integer.max >= 0);
  return numberValue(f64.neg(code), hasZero ? undefined : { min: -integer.max, max: -integer.min });
}

export function complement(value: Value, frame: Frame, at: Place | undefined): NumberValue {
  const bits = toInt32(toNumber(value, frame, at), frame);
  return ofInt32({
    kind: "operation",
    type: "i32",
    op: "i32.xor",
    args: [bits, { kind: "constant", type: "i32", value: -1 }],
  });
}

/** Of constants, where the code is written. */
function compute(operator: ArithmeticOperator, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case ">>>":
      return a >>> b;
  }
}

function sum(a: IntegerRange | undefined, b: IntegerRange | undefined): IntegerRange | undefined {
  return a && b && rangeOf(a.min + b.min, a.max + b.max);
}

function difference(a: IntegerRange | undefined, b: IntegerRange | undefined): IntegerRange | undefined {
  return a && b && rangeOf(a.min - b.max, a.max - b.min);
}

function product(a: IntegerRange | undefined, b: IntegerRange | undefined): IntegerRange | undefined {
  if (a === undefined || b === undefined) return undefined;
  // 0 times a negative number is −0
  if ((hasZero(a) && b.min < 0) || (hasZero(b) && a.min < 0)) return undefined;
  const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max];
  return rangeOf(Math.min(...corners), Math.max(...corners));
}

function hasZero(range: IntegerRange): boolean {
  return range.min <= 0 && range.max >= 0;
}

/** Of whole numbers, or numbers that are not negative, by positive whole numbers: no −0 comes of them. */
function quotient(a: NumberValue, b: NumberValue): IntegerRange | undefined {
  const by = b.integer;
  const of = a.integer ?? boundsOf(a);
  if (of === undefined || by === undefined || by.min <= 0) return undefined;
  if (a.integer === undefined && of.min < 0) return undefined;
  const corners = [of.min / by.min, of.min / by.max, of.max / by.min, of.max / by.max];
  return { min: Math.min(...corners), max: Math.max(...corners) };
}

function power(base: F64, exponent: F64, frame: Frame): F64 {
  const known = constantOf(exponent);
  if (known === 1) return base;
  if (known === 2 && squaresAreProducts()) {
    const kept = keepNumber(base, frame, "base");
    return f64.mul(kept, kept);
  }
  return call(frame.lowering.host("power", ["f64", "f64"], "f64"), base, exponent);
}

let squaring: boolean | undefined;

/** Engines may compute powers to within a last bit; one that multiplies is seen to, on numbers with many digits. */
function squaresAreProducts(): boolean {
  if (squaring !== undefined) return squaring;
  squaring = (-3.3) ** 2 === -3.3 * -3.3 && Object.is((-0) ** 2, 0);
  let number = 1.1;
  for (let i = 0; i < 1000; i++) {
    number = (number * 1.618033988749895 + i * 0.1234567891) % 1e6;
    if (number ** 2 !== number * number) squaring = false;
  }
  return squaring;
}
