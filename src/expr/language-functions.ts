/** Functions and methods of the language that compute and do nothing else: those that expressions call. */

type Pure = (...args: never[]) => unknown;

/** By their path from the global object. */
export const languageFunctions: ReadonlyMap<string, Pure> = new Map<string, Pure>([
  ...(
    [
      ...["abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "clz32", "cos", "cosh"],
      ...["exp", "expm1", "floor", "fround", "hypot", "imul", "log", "log10", "log1p", "log2", "max", "min", "pow"],
      ...["round", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"],
    ] as ("abs" | "max")[]
  ).map((name): [string, Pure] => [`Math.${name}`, Math[name]]),
  ["Number", Number],
  ["String", String],
  ["Boolean", Boolean],
  ["isNaN", isNaN],
  ["isFinite", isFinite],
  ["parseInt", parseInt],
  ["parseFloat", parseFloat],
  ["Number.isFinite", Number.isFinite],
  ["Number.isInteger", Number.isInteger],
  ["Number.isNaN", Number.isNaN],
  ["Number.isSafeInteger", Number.isSafeInteger],
  ["Number.parseFloat", Number.parseFloat],
  ["Number.parseInt", Number.parseInt],
  ["Array.isArray", Array.isArray],
  ["Object.is", Object.is],
  ["String.fromCharCode", String.fromCharCode],
  ["String.fromCodePoint", String.fromCodePoint],
]);

/** Methods of strings, arrays, dates and numbers. */
export const pureMethods: ReadonlySet<string> = new Set(
  [
    "at charAt charCodeAt codePointAt concat endsWith includes indexOf isWellFormed lastIndexOf localeCompare normalize padEnd",
    "padStart repeat replace replaceAll slice split startsWith substr substring toLowerCase toString toUpperCase",
    "toWellFormed trim trimEnd trimStart valueOf join toReversed with toFixed toPrecision toExponential hasOwnProperty",
    "getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime getTimezoneOffset getUTCDate",
    "getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds toISOString",
  ].flatMap(each => each.split(" ")),
);

/** Methods that expressions call with a lambda in place. */
export const eachMethods: readonly string[] = ["map", "filter", "some", "every", "reduce"];
