/** `Math.*`, `Number.*` and the global functions of numbers. */
import type { F64, I32, ValueType } from "../codegen/code.ts";
import { call, f64, i32 } from "../codegen/operations.ts";
import { hostFunctions } from "./host-functions.ts";
import type { Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { arithmetic } from "./lower-arithmetic.ts";
import { toInt32 } from "./lower-bits.ts";
import {
  and,
  booleanConstant,
  boundsOf,
  constantOf,
  keepNumber,
  numberConstant,
  type NumberValue,
  ofInt32,
  ofUint32,
  rangeOf,
  safeMax,
  toNumber,
  undefinedValue,
} from "./lower-number.ts";
import { truthiness } from "./lower-truth.ts";
import { numberValue, unionOf } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { IntegerRange, Value } from "./value.ts";

type Make = (args: readonly NumberValue[], frame: Frame) => Value;

/** Undefined when it is none of these. */
export function mathCall(
  callee: string,
  args: readonly Value[],
  frame: Frame,
  at: Place | undefined,
): Value | undefined {
  const known = Object.hasOwn(functions, callee) ? functions[callee] : undefined;
  if (known !== undefined) return known(converted(args, frame, at), frame);
  const tested = Object.hasOwn(tests, callee) ? tests[callee] : undefined;
  if (tested !== undefined) return { kind: "boolean", code: tested(args[0] ?? undefinedValue, frame, at) };
  return Object.hasOwn(hostFunctions, callee) && callee.startsWith("Math.")
    ? hostCall(callee, args, frame, at)
    : undefined;
}

/** Missing arguments are NaN, once converted. */
function converted(args: readonly Value[], frame: Frame, at: Place | undefined): NumberValue[] {
  return args.map(arg => toNumber(arg, frame, at));
}

function first(args: readonly NumberValue[]): NumberValue {
  return args[0] ?? numberConstant(NaN);
}

const functions: Readonly<Record<string, Make>> = {
  "Math.floor": args => rounded(first(args), f64.floor, Math.floor),
  "Math.ceil": args => rounded(first(args), f64.ceil, Math.ceil),
  "Math.trunc": args => rounded(first(args), f64.trunc, Math.trunc),
  "Math.round": (args, frame) => rounded(first(args), code => round(code, frame), Math.round),
  "Math.sqrt": args => plain(first(args), f64.sqrt, Math.sqrt),
  "Math.abs": args => absolute(first(args)),
  "Math.sign": (args, frame) => sign(first(args), frame),
  "Math.min": args => extreme(args, f64.min, Infinity, Math.min),
  "Math.max": args => extreme(args, f64.max, -Infinity, Math.max),
  "Math.pow": (args, frame) => arithmetic("**", first(args), args[1] ?? numberConstant(NaN), frame),
  "Math.imul": (args, frame) => {
    const [a, b] = [toInt32(first(args), frame), toInt32(args[1] ?? numberConstant(NaN), frame)];
    const known = [constantOf(a), constantOf(b)];
    if (known[0] !== undefined && known[1] !== undefined) return numberConstant(Math.imul(known[0], known[1]));
    return ofInt32(i32.mul(a, b));
  },
  "Math.clz32": (args, frame) => {
    const bits = toInt32(first(args), frame);
    const known = constantOf(bits);
    return known === undefined ? ofUint32(i32.clz(bits), { min: 0, max: 32 }) : numberConstant(Math.clz32(known));
  },
};

const tests: Readonly<Record<string, (value: Value, frame: Frame, at: Place | undefined) => I32>> = {
  "Number.isInteger": (value, frame) => ofNumbers(value, number => isWhole(number, Infinity, frame)),
  "Number.isSafeInteger": (value, frame) => ofNumbers(value, number => isWhole(number, safeMax, frame)),
  "Number.isFinite": value => ofNumbers(value, isFinite),
  "Number.isNaN": (value, frame) => ofNumbers(value, number => isNaN(number, frame)),
  isFinite: (value, frame, at) => isFinite(toNumber(value, frame, at)),
  isNaN: (value, frame, at) => isNaN(toNumber(value, frame, at), frame),
  Boolean: (value, _frame, at) => truthiness(value, at),
};

function ofNumbers(value: Value, test: (value: NumberValue) => I32): I32 {
  if (value.kind === "optional") return and(value.present, ofNumbers(value.item, test));
  if (value.kind === "opaque" && value.type.kind === "any")
    throw new NotNative("tests a value of mixed kinds", undefined);
  return value.kind === "number" ? test(value) : i32.const(0);
}

function isWhole(value: NumberValue, max: number, frame: Frame): I32 {
  const known = constantOf(value.code);
  if (known !== undefined) return booleanConstant(Number.isInteger(known) && Math.abs(known) <= max).code;
  if (value.integer !== undefined) return i32.const(1);
  const number = keepNumber(value.code, frame);
  const isBelow = max === Infinity ? f64.lt(f64.abs(number), f64.const(max)) : f64.le(f64.abs(number), f64.const(max));
  return i32.and(f64.eq(f64.trunc(number), number), isBelow);
}

function isFinite(value: NumberValue): I32 {
  const known = constantOf(value.code);
  if (known !== undefined) return booleanConstant(Number.isFinite(known)).code;
  return value.integer === undefined ? f64.lt(f64.abs(value.code), f64.const(Infinity)) : i32.const(1);
}

function isNaN(value: NumberValue, frame: Frame): I32 {
  const known = constantOf(value.code);
  if (known !== undefined) return booleanConstant(Number.isNaN(known)).code;
  if (value.integer !== undefined) return i32.const(0);
  const number = keepNumber(value.code, frame);
  return f64.ne(number, number);
}

function plain(value: NumberValue, make: (code: F64) => F64, compute: (value: number) => number): NumberValue {
  const known = constantOf(value.code);
  return known === undefined ? numberValue(make(value.code), undefined) : numberConstant(compute(known));
}

function rounded(value: NumberValue, make: (code: F64) => F64, compute: (value: number) => number): NumberValue {
  if (value.integer !== undefined) return value;
  const bounds = boundsOf(value);
  // above 0, or by flooring, nothing becomes −0
  const isPlain = bounds !== undefined && (bounds.min >= 0 || compute === Math.floor);
  const integer: IntegerRange | undefined = isPlain ? rangeOf(compute(bounds.min), compute(bounds.max)) : undefined;
  return numberValue(plain(value, make, compute).code, integer ?? plain(value, make, compute).integer);
}

/** Halves go up; what is above −½ and not above 0 gives −0. */
function round(value: F64, frame: Frame): F64 {
  const number = keepNumber(value, frame);
  const up = keepNumber(f64.ceil(number), frame, "up");
  const isBelowHalf = f64.gt(f64.sub(up, f64.const(0.5)), number);
  return f64.select(f64.sub(up, f64.const(1)), up, isBelowHalf);
}

function absolute(value: NumberValue): NumberValue {
  const { integer } = value;
  if (integer !== undefined && integer.min >= 0) return value;
  const absoluteValue = plain(value, f64.abs, Math.abs);
  if (integer === undefined) return absoluteValue;
  return numberValue(absoluteValue.code, { min: 0, max: Math.max(-integer.min, integer.max) });
}

function sign(value: NumberValue, frame: Frame): NumberValue {
  const known = constantOf(value.code);
  if (known !== undefined) return numberConstant(Math.sign(known));
  const number = keepNumber(value.code, frame);
  const positiveOrSame = f64.select(f64.const(1), number, f64.gt(number, f64.const(0)));
  const code = f64.select(f64.const(-1), positiveOrSame, f64.lt(number, f64.const(0)));
  return numberValue(code, value.integer && { min: -1, max: 1 });
}

function extreme(
  args: readonly NumberValue[],
  make: (a: F64, b: F64) => F64,
  none: number,
  compute: (...numbers: number[]) => number,
): NumberValue {
  const [start, ...rest] = args;
  if (start === undefined) return numberConstant(none);
  return rest.reduce((a, b) => {
    const known = [constantOf(a.code), constantOf(b.code)];
    if (known[0] !== undefined && known[1] !== undefined) return numberConstant(compute(known[0], known[1]));
    const both = unionOf(a.integer, b.integer);
    const integer = both && {
      min: compute === Math.max ? Math.max(a.integer!.min, b.integer!.min) : both.min,
      max: compute === Math.min ? Math.min(a.integer!.max, b.integer!.max) : both.max,
    };
    return numberValue(make(a.code, b.code), integer);
  }, start);
}

function hostCall(callee: string, args: readonly Value[], frame: Frame, at: Place | undefined): Value {
  const host: (...numbers: number[]) => number = hostFunctions[callee as keyof typeof hostFunctions];
  const arity = callee === "Math.atan2" || callee === "Math.hypot" ? 2 : 1;
  if (callee === "Math.hypot" && args.length !== 2)
    throw new NotNative("calls Math.hypot with other than two numbers", at);
  const numbers = Array.from({ length: arity }, (_, i) => toNumber(args[i] ?? undefinedValue, frame, at));
  const known = numbers.map(number => constantOf(number.code));
  if (known.every(number => number !== undefined)) return numberConstant(host(...known));
  const parameters: ValueType[] = numbers.map(() => "f64");
  return numberValue(
    call(frame.lowering.host(callee, parameters, "f64"), ...numbers.map(({ code }) => code)),
    undefined,
  );
}
