/**
 * Functions of JavaScript that generated code calls where WASM has no instruction: the same function gives the same bits. They
 * take and give numbers alone.
 */
export const hostFunctions = {
  "Math.sin": Math.sin,
  "Math.cos": Math.cos,
  "Math.tan": Math.tan,
  "Math.asin": Math.asin,
  "Math.acos": Math.acos,
  "Math.atan": Math.atan,
  "Math.atan2": Math.atan2,
  "Math.sinh": Math.sinh,
  "Math.cosh": Math.cosh,
  "Math.tanh": Math.tanh,
  "Math.asinh": Math.asinh,
  "Math.acosh": Math.acosh,
  "Math.atanh": Math.atanh,
  "Math.exp": Math.exp,
  "Math.expm1": Math.expm1,
  "Math.log": Math.log,
  "Math.log1p": Math.log1p,
  "Math.log2": Math.log2,
  "Math.log10": Math.log10,
  "Math.cbrt": Math.cbrt,
  "Math.fround": Math.fround,
  "Math.hypot": Math.hypot as (a: number, b: number) => number,
  power: (base: number, exponent: number) => base ** exponent,
  remainder: (a: number, b: number) => a % b,
  parseInt: (value: number) => parseInt(String(value)),
  toInt32: (value: number) => value | 0,
} as const satisfies Record<string, (...numbers: number[]) => number>;
